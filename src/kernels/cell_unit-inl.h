// The translation unit of one file of cells: its formulas compiled for every instruction set and once in double.
// The build makes a .cc for each src/cells/*-inl.h that defines RONDO_CELL_FILE and RONDO_CELL_NAME and includes this.

#include "kernels/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cell_unit-inl.h"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include "kernels/cells.h"

HWY_BEFORE_NAMESPACE();
namespace rondo::kernels::HWY_NAMESPACE {
namespace {

// clang-format off
#include "kernels/simd_math-inl.h"
#include "kernels/partial-inl.h"
// clang-format on

using Lane = Lanes;
using Number = float;
constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(FloatTag()));

HWY_INLINE Lane load(const float* p) { return hn::LoadU(FloatTag(), p); }
HWY_INLINE void store(Lane v, float* p) { hn::StoreU(v.v, FloatTag(), p); }
HWY_INLINE Lane load_some(const float* p, std::int64_t n) { return LoadFirst(FloatTag(), p, n); }
HWY_INLINE void store_some(Lane v, float* p, std::int64_t n) { StoreFirst(v.v, FloatTag(), p, n); }

// The runner needs activate(), the formulas need the runner's Cells<>.
// clang-format off
#include "kernels/recurrent_activation-inl.h"
#include "kernels/cell_runner-inl.h"
#include "kernels/stream_cell-inl.h"
#include RONDO_CELL_FILE
// clang-format on

constexpr auto kTable = table_of(Family());

constexpr auto kStreamTable = stream_table_of(Family());

CellFormulas<float> Formulas(int index) { return kTable[static_cast<std::size_t>(index)]; }
StreamCellFunction StreamSteps(int index) { return kStreamTable[static_cast<std::size_t>(index)]; }

}  // namespace
}  // namespace rondo::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::kernels {
namespace {

namespace scalar {
#include "kernels/scalar_math-inl.h"

using Lane = double;
using Number = double;
constexpr std::int64_t kLanes = 1;
inline Lane load(const double* p) { return *p; }
inline void store(Lane v, double* p) { *p = v; }
inline Lane load_some(const double* p, std::int64_t) { return *p; }
inline void store_some(Lane v, double* p, std::int64_t) { *p = v; }

// The runner needs activate(), the formulas need the runner's Cells<>.
// clang-format off
#include "kernels/recurrent_activation-inl.h"
#include "kernels/cell_runner-inl.h"
#include RONDO_CELL_FILE
// clang-format on

constexpr auto kTable = table_of(Family());
template <class... Cell>
constexpr auto infos_of(Cells<Cell...>) {
  return std::array<cells::CellInfo, sizeof...(Cell)>{Cell::info...};
}
constexpr auto kInfos = infos_of(Family());
}  // namespace scalar

HWY_EXPORT(Formulas);
HWY_EXPORT(StreamSteps);

template <int kIndex>
CellFormulas<float> simd_formulas() {
  return HWY_DYNAMIC_DISPATCH(Formulas)(kIndex);
}

template <int kIndex>
StreamCellFunction stream_step() {
  return HWY_DYNAMIC_DISPATCH(StreamSteps)(kIndex);
}

template <std::size_t... kIndex>
std::array<CellKernels, sizeof...(kIndex)> make_family(std::index_sequence<kIndex...>) {
  return {CellKernels{scalar::kInfos[kIndex], simd_formulas<static_cast<int>(kIndex)>, scalar::kTable[kIndex],
                      stream_step<static_cast<int>(kIndex)>}...};
}

}  // namespace

#define RONDO_JOIN_(a, b) a##b
#define RONDO_JOIN(a, b) RONDO_JOIN_(a, b)
std::span<const CellKernels> RONDO_JOIN(cell_family_, RONDO_CELL_NAME)() {
  static const auto family = make_family(std::make_index_sequence<scalar::kInfos.size()>());
  return family;
}

}  // namespace rondo::kernels
#endif
