// The translation unit of one file of cells: its formulas compiled for every instruction set. The build makes
// a .cc for each src/cells/*-inl.h that defines RONDO_CELL_FILE and RONDO_CELL_NAME and includes this.

#include "kernels/cpu/unroll.h"
#include "kernels/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/cell_unit-inl.h"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>
#include <utility>

#include "kernels/cells.h"

HWY_BEFORE_NAMESPACE();
namespace rondo::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

namespace whole {
using FloatTag = hn::ScalableTag<float>;
#include "kernels/cpu/cell_lanes-inl.h"
}  // namespace whole

// Narrower vectors for the last units of a stream's step: fewer weights, shorter divisions.
#if HWY_MAX_BYTES == 32 || HWY_MAX_BYTES == 64
namespace half {
using FloatTag = hn::CappedTag<float, HWY_MAX_BYTES / 8>;
#include "kernels/cpu/cell_lanes-inl.h"
}  // namespace half
#else
namespace half = whole;
#endif
#if HWY_MAX_BYTES == 64
namespace quarter {
using FloatTag = hn::CappedTag<float, HWY_MAX_BYTES / 16>;
#include "kernels/cpu/cell_lanes-inl.h"
}  // namespace quarter
#else
namespace quarter = half;
#endif

constexpr auto kTable = whole::table_of(whole::Family());

template <bool kKeeps>
constexpr auto kWholePieces = whole::stream_functions<kKeeps>(whole::Family());
template <bool kKeeps>
constexpr auto kHalfPieces = half::narrow_stream_functions<kKeeps>(half::Family());
template <bool kKeeps>
constexpr auto kQuarterPieces = quarter::narrow_stream_functions<kKeeps>(quarter::Family());

template <class... Cell>
constexpr auto infos_of(whole::Cells<Cell...>) {
  return std::array{Cell::info...};
}
constexpr auto kInfos = infos_of(whole::Family());

CellFormulas<float> Formulas(int index) { return kTable[static_cast<std::size_t>(index)]; }
/// null where the narrower vectors are other names of the wider ones.
constexpr StreamCellFunction piece_of(StreamCellFunction run, std::int64_t lanes, std::int64_t wider) {
  return lanes < wider ? run : nullptr;
}
template <bool kKeeps>
StreamCellKernels stream_steps(int index) {
  const auto at = static_cast<std::size_t>(index);
  return {kWholePieces<kKeeps>[at], piece_of(kHalfPieces<kKeeps>[at], half::kLanes, whole::kLanes),
          piece_of(kQuarterPieces<kKeeps>[at], quarter::kLanes, half::kLanes)};
}
StreamCellKernels StreamSteps(int index, bool keeps) {
  return keeps ? stream_steps<true>(index) : stream_steps<false>(index);
}

}  // namespace
}  // namespace rondo::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::kernels {
namespace {

HWY_EXPORT(Formulas);
HWY_EXPORT(StreamSteps);

template <int kIndex>
CellFormulas<float> simd_formulas() {
  return HWY_DYNAMIC_DISPATCH(Formulas)(kIndex);
}

template <int kIndex>
StreamCellKernels stream_step(bool keeps) {
  return HWY_DYNAMIC_DISPATCH(StreamSteps)(kIndex, keeps);
}

template <std::size_t... kIndex, class Infos>
std::array<CellKernels, sizeof...(kIndex)> make_family(std::index_sequence<kIndex...>, const Infos& infos) {
  return {CellKernels{
      infos[kIndex], simd_formulas<static_cast<int>(kIndex)>, {}, stream_step<static_cast<int>(kIndex)>}...};
}

}  // namespace

#define RONDO_JOIN_(a, b) a##b
#define RONDO_JOIN(a, b) RONDO_JOIN_(a, b)
std::span<const CellKernels> RONDO_JOIN(cell_family_, RONDO_CELL_NAME)() {
  constexpr auto infos = HWY_NAMESPACE::kInfos;
  static const auto family = make_family(std::make_index_sequence<infos.size()>(), infos);
  return family;
}

}  // namespace rondo::kernels
#endif
