#pragma once

#include <string>
#include <vector>

#include "kernels/cells.h"
#include "rondo/layers.h"
#include "rondo/testing.h"

// Cells of src/cells as subjects of the suite.

namespace rondo {

constexpr std::int64_t kFeatures = 3, kUnits = 4;

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

inline testing::Subject cell_subject(const std::string& type, RecurrentOptions options,
                                     bool with_states = true) {
  options.units = kUnits;
  options.return_sequences = true;
  options.return_state = true;
  testing::Subject subject;
  subject.name = type;
  subject.make = [type, options] { return make_cell(type, options); };
  subject.inputs = {{true, -1, {kFeatures}}};
  if (with_states) {
    const Spec sequence = subject.inputs[0];
    const std::vector<Spec> outputs = make_cell(type, options)->infer(std::span(&sequence, 1));
    subject.inputs.insert(subject.inputs.end(), outputs.begin() + 1, outputs.end());
  }
  subject.splits_in_time = with_states && !options.go_backwards;
  return subject;
}

inline std::vector<std::string> cell_names() {
  std::vector<std::string> names;
  for (const auto* cell : kernels::all_cells()) names.emplace_back(cell->info.name);
  return names;
}

}  // namespace rondo
