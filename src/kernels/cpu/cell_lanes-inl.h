// The formulas of RONDO_CELL_FILE in vectors of the type `FloatTag`, which the including namespace defines.
// No include guard: included once per width of vectors.

// clang-format off
#include "kernels/cpu/simd_math-inl.h"
#include "kernels/cpu/partial-inl.h"
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
#include "kernels/formulas/recurrent_activation-inl.h"
#include "kernels/formulas/cell_runner-inl.h"
#include "kernels/cpu/stream_cell-inl.h"
#include RONDO_CELL_FILE
// clang-format on
