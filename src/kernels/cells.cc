#include "kernels/cells.h"

#include <algorithm>

#include "rondo/base/json.h"

namespace rondo::kernels {

// One function a file of src/cells; the build writes the list.
#define RONDO_CELL(name) std::span<const CellKernels> cell_family_##name();
#include "cell_list.inc"
#undef RONDO_CELL

std::span<const CellKernels* const> all_cells() {
  static const std::vector<const CellKernels*> cells = [] {
    std::vector<const CellKernels*> out;
    const auto add = [&](std::span<const CellKernels> family) {
      for (const CellKernels& cell : family) out.push_back(&cell);
    };
#define RONDO_CELL(name) add(cell_family_##name());
#include "cell_list.inc"
#undef RONDO_CELL
    return out;
  }();
  return cells;
}

const CellKernels* find_cell(std::string_view name) {
  for (const CellKernels* cell : all_cells()) {
    if (name == cell->info.name) return cell;
  }
  return nullptr;
}

const CellKernels* find_cell(std::string_view type, const Json& options) {
  const auto chosen = [&](const cells::Choice& choice) {
    if (choice.option == nullptr) return true;
    const Json* value = options.find(choice.option);
    return value != nullptr && value->as_bool() == choice.value;
  };
  for (const CellKernels* cell : all_cells()) {
    const char* family = cell->info.variant_of != nullptr ? cell->info.variant_of : cell->info.name;
    if (type == family && std::ranges::all_of(cell->info.chosen_by, chosen)) return cell;
  }
  return nullptr;
}

std::vector<std::string> cell_types() {
  std::vector<std::string> types;
  for (const CellKernels* cell : all_cells()) {
    if (cell->info.variant_of == nullptr) types.emplace_back(cell->info.name);
  }
  return types;
}

bool has_option(const cells::CellInfo& cell, std::string_view option) {
  if (option == "recurrent_activation") return cell.gated;
  // What these change is the product of h and a matrix.
  if (option == "layer_norm" || option == "layer_norm_epsilon" || option == "recurrent_dropout")
    return cell.recurrence == cells::Recurrence::dense;
  const auto names = [&](const cells::CellInfo& info) {
    return std::ranges::any_of(info.options,
                               [&](const char* own) { return own != nullptr && option == own; });
  };
  return names(cell) ||
         std::ranges::none_of(all_cells(), [&](const auto* other) { return names(other->info); });
}

}  // namespace rondo::kernels
