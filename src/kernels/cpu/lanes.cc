#include "kernels/lanes.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "kernels/cpu/unroll.h"
#include "kernels/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/lanes.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rondo::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr auto N = static_cast<std::int64_t>(hn::MaxLanes(D()));

#include "kernels/cpu/tile-inl.h"
#include "kernels/cpu/transpose-inl.h"

constexpr int kTileRows = kTiling.lane_rows, kPanel = kTiling.panel;
constexpr bool kHalves = kTiling.fractions;
/// Half a vector.
using HalfD = hn::FixedTag<float, kHalves ? N / 2 : 1>;

/// `count` things shared out evenly over tiles of at most `most`.
struct Shares {
  std::int64_t count, tiles;
  Shares(std::int64_t n, std::int64_t most) : count(n), tiles((n + most - 1) / most) {}
  std::int64_t first(std::int64_t tile) const { return count * tile / tiles; }
};

// ---- products

void PutTransposed(View<const float> from, std::int64_t row, std::int64_t k0, std::int64_t rows,
                   std::int64_t k, float* out) {
  const Shares tiles(rows, kTileRows);
  for (std::int64_t t = 0; t < tiles.tiles; ++t) {
    const std::int64_t first = tiles.first(t), height = tiles.first(t + 1) - first;
    const std::int64_t begin = std::max(first, row), end = std::min(first + height, row + from.cols);
    if (begin >= end) continue;
    float* to = out + first * k + k0 * height + (begin - first);
    const float* column = from.data + (begin - row);
    if (end - begin == kTileRows) {
      for (std::int64_t i = 0; i < from.rows; ++i)
        std::memcpy(to + i * height, column + i * from.stride, kTileRows * sizeof(float));
    } else {
      for (std::int64_t i = 0; i < from.rows; ++i)
        for (std::int64_t j = 0; j < end - begin; ++j) to[i * height + j] = column[i * from.stride + j];
    }
  }
}

void Put(View<const float> from, std::int64_t row, std::int64_t k0, std::int64_t rows, std::int64_t k,
         float* out) {
  const Shares tiles(rows, kTileRows);
  for (std::int64_t t = 0; t < tiles.tiles; ++t) {
    const std::int64_t first = tiles.first(t), height = tiles.first(t + 1) - first;
    const std::int64_t begin = std::max(first, row), end = std::min(first + height, row + from.rows);
    std::int64_t r = begin;
    for (; r + 4 <= end; r += 4) {
      float* to = out + first * k + k0 * height + (r - first);
      const float* f = from.row(r - row);
      std::int64_t i = 0;
      for (; i + 4 <= from.cols; i += 4) {
        Transpose4(f + i, f + from.stride + i, f + 2 * from.stride + i, f + 3 * from.stride + i,
                   [&](std::int64_t j) HWY_ATTR { return to + (i + j) * height; });
      }
      for (; i < from.cols; ++i)
        for (std::int64_t j = 0; j < 4; ++j) to[i * height + j] = f[j * from.stride + i];
    }
    for (; r < end; ++r) {
      float* to = out + first * k + k0 * height + (r - first);
      const float* f = from.row(r - row);
      for (std::int64_t i = 0; i < from.cols; ++i) to[i * height] = f[i];
    }
  }
}

template <int MR, int NV>
HWY_NOINLINE void LaneTile(const float* HWY_RESTRICT a, std::int64_t k, const float* HWY_RESTRICT b,
                           std::int64_t ldb, Start start, const float* HWY_RESTRICT bias,
                           float* HWY_RESTRICT c, std::int64_t ldc) {
  const D d;
  V acc[MR][NV];
  if (start == Start::accumulate) {
    RONDO_UNROLL for (int r = 0; r < MR; ++r) {
      RONDO_UNROLL for (int v = 0; v < NV; ++v) acc[r][v] = hn::LoadU(d, c + r * ldc + v * N);
    }
  } else {
    RONDO_UNROLL for (int r = 0; r < MR; ++r) {
      const V first = start == Start::bias ? hn::Set(d, bias[r]) : hn::Zero(d);
      RONDO_UNROLL for (int v = 0; v < NV; ++v) acc[r][v] = first;
    }
  }
  for (std::int64_t i = 0; i < k; ++i, a += MR, b += ldb) {
    V x[NV];
    RONDO_UNROLL for (int v = 0; v < NV; ++v) x[v] = hn::LoadU(d, b + v * N);
    RONDO_UNROLL for (int r = 0; r < MR; ++r) {
      const V w = hn::Set(d, a[r]);
      RONDO_UNROLL for (int v = 0; v < NV; ++v) acc[r][v] = hn::MulAdd(x[v], w, acc[r][v]);
    }
  }
  RONDO_UNROLL for (int r = 0; r < MR; ++r) {
    RONDO_UNROLL for (int v = 0; v < NV; ++v) hn::StoreU(acc[r][v], d, c + r * ldc + v * N);
  }
}

using LaneTileFunction = void (*)(const float*, std::int64_t, const float*, std::int64_t, Start, const float*,
                                  float*, std::int64_t);
template <int NV, int... kLess>
constexpr auto LaneTiles(std::integer_sequence<int, kLess...>) {
  return std::array<LaneTileFunction, sizeof...(kLess)>{LaneTile<kLess + 1, NV>...};
}
template <int NV>
constexpr auto kLaneTiles = LaneTiles<NV>(std::make_integer_sequence<int, kTileRows>());

void MultiplyLanes(const PackedRows& a, View<const float> b, Start start, const float* bias, View<float> c) {
  const Shares tiles(a.rows(), kTileRows);
  for (std::int64_t t = 0; t < tiles.tiles; ++t) {
    const std::int64_t first = tiles.first(t), height = tiles.first(t + 1) - first;
    const auto at = static_cast<std::size_t>(height - 1);
    const float* weights = a.data() + first * a.k();
    std::int64_t lane = 0;
    for (; lane + 2 * N <= c.cols; lane += 2 * N)
      kLaneTiles<2>[at](weights, b.rows, b.data + lane, b.stride, start, bias + first, c.row(first) + lane,
                        c.stride);
    for (; lane < c.cols; lane += N)
      kLaneTiles<1>[at](weights, b.rows, b.data + lane, b.stride, start, bias + first, c.row(first) + lane,
                        c.stride);
  }
}

// ---- to and from lanes

void GatherLanes(View<const float> from, const std::int32_t* rows, std::int64_t lanes, float* out,
                 std::int64_t ld) {
  for (std::int64_t lane = 0; lane < lanes; lane += 8) {
    const float* f[8];
    bool all = true;
    for (int i = 0; i < 8; ++i) {
      const std::int32_t row = rows[lane + i];
      all = all && row >= 0;
      f[i] = row >= 0 ? from.row(row) : nullptr;
    }
    float* to = out + lane;
    std::int64_t column = 0;
    if (all) {
      for (; column + 4 <= from.cols; column += 4) {
        Transpose8([&](int i) HWY_ATTR { return f[i] + column; },
                   [&](std::int64_t j) HWY_ATTR { return to + (column + j) * ld; });
      }
    }
    for (; column < from.cols; ++column) {
      for (int i = 0; i < 8; ++i) to[column * ld + i] = f[i] == nullptr ? 0.0F : f[i][column];
    }
  }
}

void ScatterLanes(const float* values, std::int64_t ld, const std::int32_t* rows, std::int64_t lanes,
                  View<float> to) {
  for (std::int64_t lane = 0; lane < lanes; lane += 4) {
    float* t[4];
    bool all = true;
    for (int i = 0; i < 4; ++i) {
      const std::int32_t row = rows[lane + i];
      all = all && row >= 0;
      t[i] = row >= 0 ? to.row(row) : nullptr;
    }
    const float* from = values + lane;
    std::int64_t column = 0;
    if (all) {
      for (; column + 4 <= to.cols; column += 4) {
        const float* f = from + column * ld;
        Transpose4(f, f + ld, f + 2 * ld, f + 3 * ld, [&](std::int64_t j) HWY_ATTR { return t[j] + column; });
      }
    }
    for (; column < to.cols; ++column) {
      for (int i = 0; i < 4; ++i)
        if (t[i] != nullptr) t[i][column] = from[column * ld + i];
    }
  }
}

// ---- gradients of weights

/// Columns in panels of a few vectors each; panel p of `capacity` rows begins at element first(p) · N ·
/// capacity. Where half a vector holds the last columns, that is all the last panel has of it: half the work.
struct PanelShares : Shares {
  bool half;
  explicit PanelShares(std::int64_t columns)
      : Shares((columns + N - 1) / N, kPanel), half(kHalves && columns % N != 0 && columns % N <= N / 2) {}
  bool ends_in_half(std::int64_t panel) const { return half && panel + 1 == tiles; }
  std::int64_t vectors(std::int64_t panel) const { return first(panel + 1) - first(panel); }
  std::int64_t width(std::int64_t panel) const {
    return vectors(panel) * N - (ends_in_half(panel) ? N / 2 : 0);
  }
};

std::int64_t PanelsSize(std::int64_t rows, std::int64_t columns) {
  return PanelShares(columns).count * N * rows;
}
std::int64_t PanelCount(std::int64_t columns) { return PanelShares(columns).tiles; }
/// The panel that holds a column.
std::int64_t PanelOf(std::int64_t columns, std::int64_t column) {
  const PanelShares panels(columns);
  std::int64_t p = 0;
  while (panels.first(p + 1) * N <= column) ++p;
  return p;
}

void PutLanes(const float* values, std::int64_t ld, std::int64_t lanes, std::int64_t row,
              std::int64_t columns, std::int64_t capacity, float* out) {
  const PanelShares panels(columns);
  for (std::int64_t p = 0; p < panels.tiles; ++p) {
    const std::int64_t first = panels.first(p) * N, width = panels.width(p);
    const std::int64_t used = std::min(columns - first, width);
    float* panel = out + first * capacity + row * width;
    for (std::int64_t lane = 0; lane < lanes; lane += 4) {
      float* last =
          panel + (lanes - 1 - lane) * width;  // where this lane's row lies; the next lanes' lie before it
      const float* from = values + first * ld + lane;
      std::int64_t column = 0;
      for (; column + 8 <= used; column += 8) {
        Transpose8([&](int i) HWY_ATTR { return from + (column + i) * ld; },
                   [&](std::int64_t j) HWY_ATTR { return last - j * width + column; });
      }
      for (; column < width; ++column) {
        for (std::int64_t j = 0; j < 4; ++j)
          last[column - j * width] = column < used ? from[column * ld + j] : 0.0F;
      }
    }
  }
}

/// `kHalf`: of the last vector there is only half.
template <int MR, int NV, bool kHalf>
HWY_NOINLINE void GradientTile(std::span<const LaneSegment> segments, std::int64_t row,
                               const float* HWY_RESTRICT g, float* HWY_RESTRICT c, std::int64_t ldc) {
  constexpr int kWhole = kHalf ? NV - 1 : NV;
  constexpr std::int64_t kWidth = kWhole * N + (kHalf ? N / 2 : 0);
  const D d;
  const HalfD dh;
  V acc[MR][kWhole == 0 ? 1 : kWhole];
  hn::Vec<HalfD> rest[MR];
  RONDO_UNROLL for (int r = 0; r < MR; ++r) {
    RONDO_UNROLL for (int v = 0; v < kWhole; ++v) acc[r][v] = hn::LoadU(d, c + r * ldc + v * N);
    if constexpr (kHalf) rest[r] = hn::LoadU(dh, c + r * ldc + kWhole * N);
  }
  for (const LaneSegment& segment : segments) {
    const float* base[MR];
    RONDO_UNROLL for (int r = 0; r < MR; ++r) base[r] = segment.data + (row + r) * segment.width;
    for (std::int64_t lane = segment.width - 1; lane >= 0; --lane, g += kWidth) {
      V w[kWhole == 0 ? 1 : kWhole];
      hn::Vec<HalfD> h{};
      RONDO_UNROLL for (int v = 0; v < kWhole; ++v) w[v] = hn::LoadU(d, g + v * N);
      if constexpr (kHalf) h = hn::LoadU(dh, g + kWhole * N);
      RONDO_UNROLL for (int r = 0; r < MR; ++r) {
        if constexpr (kWhole > 0) {
          const V x = hn::Set(d, base[r][lane]);
          RONDO_UNROLL for (int v = 0; v < kWhole; ++v) acc[r][v] = hn::MulAdd(x, w[v], acc[r][v]);
        }
        if constexpr (kHalf) rest[r] = hn::MulAdd(hn::Set(dh, base[r][lane]), h, rest[r]);
      }
    }
  }
  RONDO_UNROLL for (int r = 0; r < MR; ++r) {
    RONDO_UNROLL for (int v = 0; v < kWhole; ++v) hn::StoreU(acc[r][v], d, c + r * ldc + v * N);
    if constexpr (kHalf) hn::StoreU(rest[r], dh, c + r * ldc + kWhole * N);
  }
}

using GradientTileFunction = void (*)(std::span<const LaneSegment>, std::int64_t, const float*, float*,
                                      std::int64_t);
template <int NV, bool kHalf, int... kLess>
constexpr auto GradientTiles(std::integer_sequence<int, kLess...>) {
  return std::array<GradientTileFunction, sizeof...(kLess)>{GradientTile<kLess + 1, NV, kHalf>...};
}
template <int NV, bool kHalf>
constexpr auto kGradientTiles =
    GradientTiles<NV, kHalf>(std::make_integer_sequence<int, kTiling.grad_rows[NV]>());

/// Calls job.operator()<NV, kHalf>() for the vectors of a panel.
template <class Job>
void WithPanel(const PanelShares& panels, std::int64_t panel, Job job) {
  WithCount<kPanel>(panels.vectors(panel), [&]<int NV>() HWY_ATTR {
    if constexpr (kHalves) {
      if (panels.ends_in_half(panel)) return job.template operator()<NV, true>();
    }
    job.template operator()<NV, false>();
  });
}

void AddLaneGradient(std::span<const LaneSegment> segments, std::int64_t first_row, const GradientPanels& g,
                     PanelRange range, View<float> c) {
  const PanelShares panels(g.columns());
  for (std::int64_t p = range.first; p < range.last; ++p) {
    const std::int64_t first = panels.first(p) * N;
    const float* panel = g.data() + first * g.capacity();
    WithPanel(panels, p, [&]<int NV, bool kHalf>() {
      const Shares tiles(c.rows, kTiling.grad_rows[NV]);
      for (std::int64_t t = 0; t < tiles.tiles; ++t) {
        const std::int64_t row = tiles.first(t), height = tiles.first(t + 1) - row;
        kGradientTiles<NV, kHalf>[static_cast<std::size_t>(height - 1)](segments, first_row + row, panel,
                                                                        c.row(row) + first, c.stride);
      }
    });
  }
}

template <int NV, bool kHalf>
void PanelSums(const float* HWY_RESTRICT panel, std::int64_t rows, float* HWY_RESTRICT c) {
  constexpr int kWhole = kHalf ? NV - 1 : NV;
  const D d;
  const HalfD dh;
  V sum[kWhole == 0 ? 1 : kWhole];
  hn::Vec<HalfD> rest{};
  RONDO_UNROLL for (int v = 0; v < kWhole; ++v) sum[v] = hn::LoadU(d, c + v * N);
  if constexpr (kHalf) rest = hn::LoadU(dh, c + kWhole * N);
  for (std::int64_t i = 0; i < rows; ++i, panel += kWhole * N + (kHalf ? N / 2 : 0)) {
    RONDO_UNROLL for (int v = 0; v < kWhole; ++v) sum[v] = hn::Add(sum[v], hn::LoadU(d, panel + v * N));
    if constexpr (kHalf) rest = hn::Add(rest, hn::LoadU(dh, panel + kWhole * N));
  }
  RONDO_UNROLL for (int v = 0; v < kWhole; ++v) hn::StoreU(sum[v], d, c + v * N);
  if constexpr (kHalf) hn::StoreU(rest, dh, c + kWhole * N);
}

void AddPanelSums(const GradientPanels& g, std::int64_t rows, PanelRange range, float* c) {
  const PanelShares panels(g.columns());
  for (std::int64_t p = range.first; p < range.last; ++p) {
    const std::int64_t first = panels.first(p) * N;
    const float* panel = g.data() + first * g.capacity();
    WithPanel(panels, p, [&]<int NV, bool kHalf>() { PanelSums<NV, kHalf>(panel, rows, c + first); });
  }
}

}  // namespace
}  // namespace rondo::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::kernels {
namespace {
HWY_EXPORT(PutTransposed);
HWY_EXPORT(Put);
HWY_EXPORT(MultiplyLanes);
HWY_EXPORT(GatherLanes);
HWY_EXPORT(ScatterLanes);
HWY_EXPORT(PanelsSize);
HWY_EXPORT(PanelCount);
HWY_EXPORT(PanelOf);
HWY_EXPORT(PutLanes);
HWY_EXPORT(AddLaneGradient);
HWY_EXPORT(AddPanelSums);
}  // namespace

void PackedRows::put_transposed(View<const float> from, std::int64_t row, std::int64_t k) {
  HWY_DYNAMIC_DISPATCH(PutTransposed)(from, row, k, rows_, k_, data_);
}
void PackedRows::put(View<const float> from, std::int64_t row, std::int64_t k) {
  HWY_DYNAMIC_DISPATCH(Put)(from, row, k, rows_, k_, data_);
}

void multiply_lanes(const PackedRows& a, View<const float> b, Start start, const float* bias, View<float> c) {
  HWY_DYNAMIC_DISPATCH(MultiplyLanes)(a, b, start, bias, c);
}

void gather_lanes(View<const float> from, const std::int32_t* rows, std::int64_t lanes, float* out,
                  std::int64_t ld) {
  HWY_DYNAMIC_DISPATCH(GatherLanes)(from, rows, lanes, out, ld);
}
void scatter_lanes(const float* values, std::int64_t ld, const std::int32_t* rows, std::int64_t lanes,
                   View<float> to) {
  HWY_DYNAMIC_DISPATCH(ScatterLanes)(values, ld, rows, lanes, to);
}

std::int64_t GradientPanels::size(std::int64_t rows, std::int64_t columns) {
  return HWY_DYNAMIC_DISPATCH(PanelsSize)(rows, columns);
}
std::int64_t GradientPanels::panels() const { return HWY_DYNAMIC_DISPATCH(PanelCount)(columns_); }
std::int64_t GradientPanels::panel_of(std::int64_t column) const {
  return HWY_DYNAMIC_DISPATCH(PanelOf)(columns_, column);
}
void GradientPanels::put_lanes(const float* values, std::int64_t ld, std::int64_t lanes, std::int64_t row) {
  HWY_DYNAMIC_DISPATCH(PutLanes)(values, ld, lanes, row, columns_, capacity_, data_);
}

void add_lane_gradient(std::span<const LaneSegment> segments, std::int64_t first_row, const GradientPanels& g,
                       PanelRange panels, View<float> c) {
  HWY_DYNAMIC_DISPATCH(AddLaneGradient)(segments, first_row, g, panels, c);
}
void add_panel_sums(const GradientPanels& g, std::int64_t rows, PanelRange panels, float* c) {
  HWY_DYNAMIC_DISPATCH(AddPanelSums)(g, rows, panels, c);
}

}  // namespace rondo::kernels
#endif
