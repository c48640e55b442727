#include "kernels/cells.h"

#include <vector>

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

}  // namespace rondo::kernels
