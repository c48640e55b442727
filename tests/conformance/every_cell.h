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

/// The type that has this cell as a variant; sets the options that choose it.
inline std::string apply_variant(const std::string& cell, RecurrentOptions& options) {
  const cells::CellInfo& info = kernels::find_cell(cell)->info;
  Json chosen = to_config(options);
  for (const cells::Choice& choice : info.chosen_by) {
    if (choice.option != nullptr) chosen.set(choice.option, choice.value);
  }
  read_options(options, chosen, "cell");
  return info.variant_of != nullptr ? info.variant_of : info.name;
}

inline LayerPtr make_cell(const std::string& cell, RecurrentOptions options) {
  const std::string type = apply_variant(cell, options);
  return recurrent(type, options);
}

/// Whether layers of this cell have every option that is set.
inline bool allows(const std::string& cell, const RecurrentOptions& options) {
  const Json given = to_config(options), defaults = to_config(RecurrentOptions{});
  return std::ranges::all_of(given.as_object(), [&](const auto& option) {
    const auto& [key, value] = option;
    return key == "recurrent_activation" || value == defaults.at(key) ||
           kernels::has_option(kernels::find_cell(cell)->info, key);
  });
}

inline int state_count(const std::string& cell) { return kernels::find_cell(cell)->info.states; }

}  // namespace rondo
