#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "kernels/cells.h"
#include "rondo/layers/layers.h"

// Every cell of src/cells as a layer, for suites that run over all of them.

namespace rondo {

inline std::vector<std::string> cell_names() {
  std::vector<std::string> names;
  for (const auto* cell : kernels::all_cells()) names.emplace_back(cell->info.name);
  return names;
}

/// Variants of the LSTM and the GRU are options of these types.
inline std::string apply_variant(const std::string& cell, RecurrentOptions& options) {
  if (cell == "gru_reset_before") {
    options.reset_after = false;
    return "gru";
  }
  if (!cell.ends_with("lstm")) return cell;
  options.peephole = cell.find("peephole") != std::string::npos;
  options.coupled = cell.find("coupled") != std::string::npos;
  return "lstm";
}

inline LayerPtr make_cell(const std::string& cell, RecurrentOptions options) {
  const std::string type = apply_variant(cell, options);
  return recurrent(type, options);
}

inline int state_count(const std::string& cell) { return kernels::find_cell(cell)->info.states; }

}  // namespace rondo
