#include "kernels/cells.h"

#include <vector>

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

}  // namespace rondo::kernels
