#include "kernels/cells.h"

#include <algorithm>

#include "rondo/base/json.h"

namespace rondo::kernels {

// Two functions a file of src/cells; the build writes the list.
#define RONDO_CELL(name)                             \
  std::span<const CellKernels> cell_family_##name(); \
  std::span<const CellFormulas<double>> cell_reference_##name();
#include "cell_list.inc"
#undef RONDO_CELL

namespace {

/// The kernels of every instruction set with those in double.
std::vector<CellKernels> with_reference() {
  std::vector<CellKernels> out;
  const auto add = [&](std::span<const CellKernels> family, std::span<const CellFormulas<double>> reference) {
    for (std::size_t i = 0; i < family.size(); ++i) {
      out.push_back(family[i]);
      out.back().scalar = reference[i];
    }
  };
#define RONDO_CELL(name) add(cell_family_##name(), cell_reference_##name());
#include "cell_list.inc"
#undef RONDO_CELL
  return out;
}

}  // namespace

std::span<const CellKernels* const> all_cells() {
  static const std::vector<CellKernels> cells = with_reference();
  static const std::vector<const CellKernels*> pointers = [] {
    std::vector<const CellKernels*> out;
    for (const CellKernels& cell : cells) out.push_back(&cell);
    return out;
  }();
  return pointers;
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
  if (option == "recurrent_blocks" || option == "layer_norm" || option == "layer_norm_epsilon" ||
      option == "recurrent_dropout")
    return cell.has_recurrent_kernel();
  const auto names = [&](const cells::CellInfo& info) {
    return std::ranges::any_of(info.options,
                               [&](const char* own) { return own != nullptr && option == own; });
  };
  return names(cell) ||
         std::ranges::none_of(all_cells(), [&](const auto* other) { return names(other->info); });
}

}  // namespace rondo::kernels
