#pragma once

#include <span>

#include "kernels/cells.h"

namespace rondo {

/// Makes cells that were compiled outside of rondo known: as types of layers, in specs and model files, in
/// streams. Called by what the CMake function rondo_add_cells() writes. The same cells again change nothing.
[[gnu::visibility("default")]] void register_cells(std::span<const kernels::CellKernels> family,
                                                   std::span<const kernels::CellFormulas<double>> reference);

}  // namespace rondo
