#include "kernels/matrix.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "kernels/cpu/unroll.h"
#include "kernels/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/matrix.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rondo::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

#include "kernels/cpu/partial-inl.h"
#include "kernels/cpu/tile-inl.h"
#include "kernels/cpu/transpose-inl.h"

constexpr int kPanel = kTiling.panel;

/// How many vectors each panel gets when `n` columns are shared out evenly.
struct Panels {
  std::int64_t vectors, count;
  explicit Panels(std::int64_t n) {
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(D()));
    vectors = (n + lanes - 1) / lanes;
    count = (vectors + kPanel - 1) / kPanel;
  }
  std::int64_t first(std::int64_t panel) const { return vectors * panel / count; }
};

/// Lanes of a narrower vector that holds what `n` columns are beyond whole vectors; 0 where none is worth it:
/// only matrices of one panel are packed so, as more columns have fewer lanes to save.
std::int64_t NarrowLanes(std::int64_t n) {
  constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(D()));
  const std::int64_t rest = n % kLanes;
  if (!kTiling.fractions || rest == 0 || n > kPanel * kLanes) return 0;
  return rest <= kLanes / 4 ? kLanes / 4 : rest <= kLanes / 2 ? kLanes / 2 : 0;
}

std::int64_t PackedSize(std::int64_t k, std::int64_t n) {
  return Panels(n).vectors * static_cast<std::int64_t>(hn::Lanes(D())) * std::max<std::int64_t>(k, 1);
}

void Pack(View<const float> b, bool transposed, std::int64_t k, std::int64_t n, float* HWY_RESTRICT out) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(D()));
  const Panels panels(n);
  for (std::int64_t p = 0; p < panels.count; ++p) {
    const std::int64_t begin = panels.first(p) * lanes,
                       width = (panels.first(p + 1) - panels.first(p)) * lanes;
    const std::int64_t used = std::min(width, n - begin);
    if (transposed) {
      std::int64_t j = 0;
      for (; j + 8 <= used; j += 8) {
        std::int64_t i = 0;
        for (; i + 4 <= k; i += 4) {
          Transpose8([&](int r) HWY_ATTR { return b.row(begin + j + r) + i; },
                     [&](std::int64_t c) HWY_ATTR { return out + (i + c) * width + j; });
        }
        for (; i < k; ++i) {
          for (std::int64_t r = 0; r < 8; ++r) out[i * width + j + r] = b(begin + j + r, i);
        }
      }
      for (; j < width; ++j) {
        for (std::int64_t i = 0; i < k; ++i) out[i * width + j] = j < used ? b(begin + j, i) : 0.0F;
      }
    } else {
      for (std::int64_t i = 0; i < k; ++i) {
        std::memcpy(out + i * width, b.row(i) + begin, static_cast<std::size_t>(used) * sizeof(float));
        std::fill(out + i * width + used, out + (i + 1) * width, 0.0F);
      }
    }
    out += k * width;
  }
}

/// The whole vectors, then the rest [k][NarrowLanes]; as Pack where there are none of these.
void PackForOneRow(View<const float> b, bool transposed, std::int64_t k, std::int64_t n,
                   float* HWY_RESTRICT out) {
  const std::int64_t narrow = NarrowLanes(n);
  if (narrow == 0) return Pack(b, transposed, k, n, out);
  const std::int64_t whole = n - n % static_cast<std::int64_t>(hn::Lanes(D()));
  if (whole > 0) Pack(b, transposed, k, whole, out);
  out += whole * k;
  for (std::int64_t i = 0; i < k; ++i) {
    for (std::int64_t j = 0; j < narrow; ++j, ++out)
      *out = whole + j >= n ? 0.0F : transposed ? b(whole + j, i) : b(i, whole + j);
  }
}

/// One tile: MR rows of a, or of its transpose, times NV vectors of a panel. `tail` lanes of the last vector
/// are real.
template <int MR, int NV, bool kTransposed>
HWY_NOINLINE void Tile(const float* HWY_RESTRICT a, std::int64_t lda, const float* HWY_RESTRICT b,
                       std::int64_t k, Start start, const float* HWY_RESTRICT bias, float* HWY_RESTRICT c,
                       std::int64_t ldc, std::int64_t tail) {
  const D d;
  constexpr auto N = static_cast<std::int64_t>(hn::MaxLanes(D()));
  const bool whole = tail == N;
  V acc[MR][NV];
  if (start == Start::accumulate) {
    RONDO_UNROLL for (int r = 0; r < MR; ++r) {
      RONDO_UNROLL for (int v = 0; v < NV; ++v) {
        const float* at = c + r * ldc + v * N;
        acc[r][v] = v + 1 < NV || whole ? hn::LoadU(d, at) : LoadFirst(d, at, tail);
      }
    }
  } else {
    RONDO_UNROLL for (int v = 0; v < NV; ++v) {
      V first = hn::Zero(d);
      if (start == Start::bias)
        first = v + 1 < NV || whole ? hn::LoadU(d, bias + v * N) : LoadFirst(d, bias + v * N, tail);
      RONDO_UNROLL for (int r = 0; r < MR; ++r) acc[r][v] = first;
    }
  }
  for (std::int64_t i = 0; i < k; ++i, b += NV * N) {
    V w[NV];
    RONDO_UNROLL for (int v = 0; v < NV; ++v) w[v] = hn::LoadU(d, b + v * N);
    RONDO_UNROLL for (int r = 0; r < MR; ++r) {
      const V x = hn::Set(d, kTransposed ? a[i * lda + r] : a[r * lda + i]);
      RONDO_UNROLL for (int v = 0; v < NV; ++v) acc[r][v] = hn::MulAdd(x, w[v], acc[r][v]);
    }
  }
  RONDO_UNROLL for (int r = 0; r < MR; ++r) {
    RONDO_UNROLL for (int v = 0; v < NV; ++v) {
      float* at = c + r * ldc + v * N;
      if (v + 1 < NV || whole) {
        hn::StoreU(acc[r][v], d, at);
      } else {
        StoreFirst(acc[r][v], d, at, tail);
      }
    }
  }
}

/// All rows of a, or of its transpose, times one panel.
template <int NV, bool kTransposed>
void PanelRows(View<const float> a, const float* b, Start start, const float* bias, float* c,
               std::int64_t ldc, std::int64_t tail) {
  const std::int64_t rows = kTransposed ? a.cols : a.rows, depth = kTransposed ? a.rows : a.cols;
  std::int64_t r = 0;
  const auto run = [&]<int MR>() {
    for (; rows - r >= MR; r += MR) {
      const float* first = kTransposed ? a.data + r : a.row(r);
      Tile<MR, NV, kTransposed>(first, a.stride, b, depth, start, bias, c + r * ldc, ldc, tail);
    }
  };
  constexpr int kRows = kTiling.rows[NV];
  run.template operator()<kRows>();
  if constexpr (kRows > 8) run.template operator()<8>();
  if constexpr (kRows > 4) run.template operator()<4>();
  run.template operator()<2>();
  run.template operator()<1>();
}

/// One row times two neighbouring panels at once: twice as many independent sums, as one row's are too few to
/// hide the latency of additions. Only the second panel may have lanes beyond the end.
template <int NA, int NB>
HWY_NOINLINE void RowOfTwo(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::int64_t k,
                           Start start, const float* HWY_RESTRICT bias, float* HWY_RESTRICT c,
                           std::int64_t tail) {
  const D d;
  constexpr auto N = static_cast<std::int64_t>(hn::MaxLanes(D()));
  constexpr int NV = NA + NB;
  const float* from = start == Start::accumulate ? c : bias;
  V acc[NV];
  RONDO_UNROLL for (int v = 0; v < NV; ++v) {
    acc[v] = start == Start::zero ? hn::Zero(d)
             : v + 1 < NV         ? hn::LoadU(d, from + v * N)
                                  : LoadFirst(d, from + v * N, tail);
  }
  const float* second = b + NA * N * k;
  for (std::int64_t i = 0; i < k; ++i, b += NA * N, second += NB * N) {
    const V x = hn::Set(d, a[i]);
    RONDO_UNROLL for (int v = 0; v < NA; ++v) acc[v] = hn::MulAdd(x, hn::LoadU(d, b + v * N), acc[v]);
    RONDO_UNROLL for (int v = 0; v < NB; ++v) acc[NA + v] =
        hn::MulAdd(x, hn::LoadU(d, second + v * N), acc[NA + v]);
  }
  RONDO_UNROLL for (int v = 0; v + 1 < NV; ++v) hn::StoreU(acc[v], d, c + v * N);
  StoreFirst(acc[NV - 1], d, c + (NV - 1) * N, tail);
}

using RowOfTwoFunction = void (*)(const float*, const float*, std::int64_t, Start, const float*, float*,
                                  std::int64_t);
template <int NA, int... kLess>
constexpr auto RowsOfTwo(std::integer_sequence<int, kLess...>) {
  return std::array<RowOfTwoFunction, sizeof...(kLess)>{RowOfTwo<NA, kLess + 1>...};
}
template <int... kLess>
constexpr auto AllRowsOfTwo(std::integer_sequence<int, kLess...> panels) {
  return std::array<std::array<RowOfTwoFunction, sizeof...(kLess)>, sizeof...(kLess)>{
      RowsOfTwo<kLess + 1>(panels)...};
}
constexpr auto kRowsOfTwo = AllRowsOfTwo(std::make_integer_sequence<int, kPanel>());

void MultiplyRow(const float* a, std::int64_t k, const float* b, std::int64_t n, Start start,
                 const float* bias, float* c, bool backwards) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(D()));
  const Panels panels(n);
  const std::int64_t pairs = panels.count / 2;
  for (std::int64_t i = 0; i < pairs; ++i) {
    // An odd panel in front is left to the caller's loop over single panels.
    const std::int64_t p = panels.count % 2 + 2 * (backwards ? pairs - 1 - i : i);
    const std::int64_t first = panels.first(p), middle = panels.first(p + 1), last = panels.first(p + 2);
    const std::int64_t begin = first * lanes, tail = std::min(n, last * lanes) - (last - 1) * lanes;
    kRowsOfTwo[static_cast<std::size_t>(middle - first - 1)][static_cast<std::size_t>(last - middle - 1)](
        a, b + begin * k, k, start, bias == nullptr ? nullptr : bias + begin, c + begin, tail);
  }
}

/// One row times NV whole vectors and one of kNarrow lanes.
template <int NV, int kNarrow>
HWY_NOINLINE void RowWithRest(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::int64_t k,
                              Start start, const float* HWY_RESTRICT bias, float* HWY_RESTRICT c,
                              std::int64_t rest) {
  const D d;
  const hn::CappedTag<float, kNarrow> few;
  constexpr auto N = static_cast<std::int64_t>(hn::MaxLanes(D()));
  const float* from = start == Start::accumulate ? c : bias;
  V acc[NV + 1];
  RONDO_UNROLL for (int v = 0; v < NV; ++v) acc[v] =
      start == Start::zero ? hn::Zero(d) : hn::LoadU(d, from + v * N);
  auto last = start == Start::zero ? hn::Zero(few) : LoadFirst(few, from + NV * N, rest);
  const float* behind = b + NV * N * k;
  for (std::int64_t i = 0; i < k; ++i, b += NV * N, behind += kNarrow) {
    RONDO_UNROLL for (int v = 0; v < NV; ++v) acc[v] =
        hn::MulAdd(hn::Set(d, a[i]), hn::LoadU(d, b + v * N), acc[v]);
    last = hn::MulAdd(hn::Set(few, a[i]), hn::LoadU(few, behind), last);
  }
  RONDO_UNROLL for (int v = 0; v < NV; ++v) hn::StoreU(acc[v], d, c + v * N);
  StoreFirst(last, few, c + NV * N, rest);
}

using RowWithRestFunction = void (*)(const float*, const float*, std::int64_t, Start, const float*, float*,
                                     std::int64_t);
template <int kNarrow, int... kWhole>
constexpr auto RowsWithRest(std::integer_sequence<int, kWhole...>) {
  return std::array<RowWithRestFunction, sizeof...(kWhole)>{RowWithRest<kWhole, kNarrow>...};
}

/// `backwards`: the panels in reverse order. A step after step that alternates finds the panels it read last
/// in the cache.
void Multiply(View<const float> a, const float* b, std::int64_t n, Start start, const float* bias,
              View<float> c, bool backwards) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(D()));
  constexpr std::int64_t kBlockRows = 192;  // rows of a that stay in the second-level cache across panels
  const Panels panels(n);
  for (std::int64_t m = 0; m < a.rows; m += kBlockRows) {
    const View<const float> block = a.rows_from(m, std::min(kBlockRows, a.rows - m));
    std::int64_t count = panels.count;
    if (block.rows == 1 && count > 1) {
      MultiplyRow(block.data, a.cols, b, n, start, bias, c.row(m), backwards);
      count %= 2;
    }
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t p = backwards ? count - 1 - i : i;
      const std::int64_t nv = panels.first(p + 1) - panels.first(p), begin = panels.first(p) * lanes;
      const std::int64_t tail = std::min(n - begin, nv * lanes) - (nv - 1) * lanes;
      const float* panel = b + begin * a.cols;
      float* to = c.row(m) + begin;
      const float* from = bias == nullptr ? nullptr : bias + begin;
      WithCount<kPanel>(nv, [&]<int NV>() HWY_ATTR {
        PanelRows<NV, false>(block, panel, start, from, to, c.stride, tail);
      });
    }
  }
}

template <class Tag = D>  // so that a branch not taken is not compiled
void MultiplyOneRowOf(View<const float> a, const float* b, std::int64_t n, Start start, const float* bias,
                      View<float> c, bool backwards) {
  if constexpr (kTiling.fractions) {
    constexpr auto kLanes = static_cast<int>(hn::MaxLanes(Tag()));
    constexpr auto kWhole = std::make_integer_sequence<int, kPanel>();
    constexpr auto kHalf = RowsWithRest<kLanes / 2>(kWhole), kQuarter = RowsWithRest<kLanes / 4>(kWhole);
    if (const std::int64_t narrow = NarrowLanes(n); narrow > 0) {
      const auto& rows = narrow == kLanes / 2 ? kHalf : kQuarter;
      return rows[static_cast<std::size_t>(n / kLanes)](a.data, b, a.cols, start, bias, c.data, n % kLanes);
    }
  }
  Multiply(a, b, n, start, bias, c, backwards);
}
void MultiplyOneRow(View<const float> a, const float* b, std::int64_t n, Start start, const float* bias,
                    View<float> c, bool backwards) {
  MultiplyOneRowOf(a, b, n, start, bias, c, backwards);
}

void AddTransposedProduct(View<const float> a, View<const float> g, View<float> c) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(D()));
  constexpr std::int64_t kBlockRows = 128;
  // One panel of g is copied densely: its rows lie far apart, and it is read again for every tile of a's
  // columns.
  HWY_ALIGN float panel[kBlockRows * kPanel * hn::MaxLanes(D())];
  const Panels panels(g.cols);
  for (std::int64_t left = a.rows; left > 0;) {
    const std::int64_t rows = std::min(kBlockRows, left);
    const View<const float> block{a.row(left - 1), rows, a.cols, -a.stride};  // the last row first
    for (std::int64_t p = 0; p < panels.count; ++p) {
      const std::int64_t nv = panels.first(p + 1) - panels.first(p), begin = panels.first(p) * lanes;
      const std::int64_t width = nv * lanes, used = std::min(g.cols - begin, width),
                         tail = used - (nv - 1) * lanes;
      for (std::int64_t i = 0; i < rows; ++i) {
        std::memcpy(panel + i * width, g.row(left - 1 - i) + begin,
                    static_cast<std::size_t>(used) * sizeof(float));
        std::fill(panel + i * width + used, panel + (i + 1) * width, 0.0F);
      }
      float* to = c.data + begin;
      WithCount<kPanel>(nv, [&]<int NV>() HWY_ATTR {
        PanelRows<NV, true>(block, panel, Start::accumulate, nullptr, to, c.stride, tail);
      });
    }
    left -= rows;
  }
}

template <int NV>
void ColumnSums(View<const float> g, float* HWY_RESTRICT out) {
  const D d;
  constexpr auto N = static_cast<std::int64_t>(hn::MaxLanes(D()));
  V sum[NV];
  RONDO_UNROLL for (int v = 0; v < NV; ++v) sum[v] = hn::LoadU(d, out + v * N);
  for (std::int64_t m = g.rows; m-- > 0;) {
    const float* row = g.row(m);
    RONDO_UNROLL for (int v = 0; v < NV; ++v) sum[v] = hn::Add(sum[v], hn::LoadU(d, row + v * N));
  }
  RONDO_UNROLL for (int v = 0; v < NV; ++v) hn::StoreU(sum[v], d, out + v * N);
}

void AddColumnSums(View<const float> g, float* HWY_RESTRICT out) {
  constexpr auto N = static_cast<std::int64_t>(hn::MaxLanes(D()));
  std::int64_t n = 0;
  for (; n + 4 * N <= g.cols; n += 4 * N) ColumnSums<4>(g.columns(n, 4 * N), out + n);
  for (; n + N <= g.cols; n += N) ColumnSums<1>(g.columns(n, N), out + n);
  for (std::int64_t m = g.rows; m-- > 0;) {
    for (std::int64_t c = n; c < g.cols; ++c) out[c] += g(m, c);
  }
}

}  // namespace rondo::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::kernels {
namespace {
HWY_EXPORT(PackedSize);
HWY_EXPORT(Pack);
HWY_EXPORT(PackForOneRow);
HWY_EXPORT(Multiply);
HWY_EXPORT(MultiplyOneRow);
HWY_EXPORT(AddTransposedProduct);
HWY_EXPORT(AddColumnSums);
}  // namespace

template <>
std::int64_t Packed<float>::size(std::int64_t k, std::int64_t n) {
  return HWY_DYNAMIC_DISPATCH(PackedSize)(k, n);
}
template <>
Packed<float>::Packed(View<const float> b, bool transposed, float* memory, bool one_row)
    : k_(transposed ? b.cols : b.rows), n_(transposed ? b.rows : b.cols), data_(memory), one_row_(one_row) {
  if (one_row) {
    HWY_DYNAMIC_DISPATCH(PackForOneRow)(b, transposed, k_, n_, memory);
  } else {
    HWY_DYNAMIC_DISPATCH(Pack)(b, transposed, k_, n_, memory);
  }
}
template <>
void multiply<float>(View<const float> a, const Packed<float>& b, Start start, const float* bias,
                     View<float> c, bool backwards) {
  if (a.rows == 0 || b.n() == 0) return;
  if (b.one_row()) {
    HWY_DYNAMIC_DISPATCH(MultiplyOneRow)(a, b.data(), b.n(), start, bias, c, backwards);
  } else {
    HWY_DYNAMIC_DISPATCH(Multiply)(a, b.data(), b.n(), start, bias, c, backwards);
  }
}

template <>
void add_transposed_product<float>(View<const float> a, View<const float> g, View<float> c) {
  if (a.rows > 0 && g.cols > 0) HWY_DYNAMIC_DISPATCH(AddTransposedProduct)(a, g, c);
}

template <>
void add_column_sums<float>(View<const float> g, float* out) {
  if (g.rows > 0 && g.cols > 0) HWY_DYNAMIC_DISPATCH(AddColumnSums)(g, out);
}

}  // namespace rondo::kernels
#endif
