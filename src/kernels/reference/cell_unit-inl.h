// The translation unit of one file of cells in double: plain loops over its formulas, the oracle of every
// instruction set. The build makes a .cc for each src/cells/*-inl.h that defines RONDO_CELL_FILE and
// RONDO_CELL_NAME and includes this.

#include <hwy/base.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/cells.h"

#define HWY_ATTR  // the text of the formulas has it; here there is one instruction set

namespace rondo::kernels {
namespace {

#include "kernels/reference/scalar_math-inl.h"

using Lane = double;
using Number = double;
constexpr std::int64_t kLanes = 1;
inline Lane load(const double* p) { return *p; }
inline void store(Lane v, double* p) { *p = v; }
inline Lane load_some(const double* p, std::int64_t) { return *p; }
inline void store_some(Lane v, double* p, std::int64_t) { *p = v; }

// The runner needs activate(), the formulas need the runner's Cells<>.
// clang-format off
#include "kernels/formulas/recurrent_activation-inl.h"
#include "kernels/formulas/cell_runner-inl.h"
#include RONDO_CELL_FILE
// clang-format on

constexpr auto kTable = table_of(Family());

}  // namespace

#define RONDO_JOIN_(a, b) a##b
#define RONDO_JOIN(a, b) RONDO_JOIN_(a, b)
std::span<const CellFormulas<double>> RONDO_JOIN(cell_reference_, RONDO_CELL_NAME)() { return kTable; }

}  // namespace rondo::kernels
