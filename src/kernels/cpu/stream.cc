#include "kernels/stream.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/cpu/unroll.h"
#include "kernels/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/stream.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef RONDO_STREAM_ONCE
#define RONDO_STREAM_ONCE
namespace rondo::kernels {
/// Bytes of this machine's first-level data cache; 32 KiB where it does not say.
inline std::int64_t first_level_cache() {
#ifdef _SC_LEVEL1_DCACHE_SIZE
  const long bytes = sysconf(_SC_LEVEL1_DCACHE_SIZE);
  if (bytes > 0) return bytes;
#endif
  return 32 << 10;
}
}  // namespace rondo::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace rondo::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(D()));

#include "kernels/cpu/tile-inl.h"

constexpr int kPanel = kTiling.stream_panel;  // vectors in flight for one row
constexpr int kTile = kTiling.stream_tile;    // vectors in flight for each of kTileRows rows
constexpr int kTileRows = 4;

/// Vectors are shared out evenly over panels, each stored [k][vectors of the panel].
struct Panels {
  std::int64_t vectors, count;
  std::int64_t first(std::int64_t panel) const { return vectors * panel / count; }
};

Panels panels_of(std::int64_t k, std::int64_t vectors) {
  constexpr std::int64_t kMinCount = 4;  // vectors in flight that still hide the latency of one FMA unit
  const std::int64_t bytes = k * vectors * kLanes * 4;
  std::int64_t count = (vectors + kPanel - 1) / kPanel;
  const std::int64_t cache = first_level_cache();
  if (bytes > cache - (4 << 10) && bytes < 3 * cache) count = std::max(count, vectors / kMinCount);
  return {vectors, std::max<std::int64_t>(count, 1)};
}

std::int64_t Pack(View<const float> weights, float* packed) {
  const Panels panels = panels_of(weights.rows, weights.cols / kLanes);
  for (std::int64_t p = 0; p < panels.count; ++p) {
    const std::int64_t begin = panels.first(p) * kLanes, width = panels.first(p + 1) * kLanes - begin;
    for (std::int64_t k = 0; k < weights.rows; ++k, packed += width) {
      std::copy_n(weights.row(k) + begin, width, packed);
    }
  }
  return panels.count;
}

/// MR rows times NV neighbouring vectors of a panel whose rows are `stride` floats apart.
template <int MR, int NV>
HWY_NOINLINE void Tile(const StreamProduct& product, const float* HWY_RESTRICT w, std::int64_t stride,
                       std::int64_t begin, const float* const* x, const float* const* h,
                       float* const* out) noexcept {
  const D d;
  V acc[MR][NV];
  RONDO_UNROLL for (int r = 0; r < MR; ++r) {
    const float* from = product.start == nullptr ? out[r] + product.first + begin : product.start + begin;
    RONDO_UNROLL for (int v = 0; v < NV; ++v) acc[r][v] = hn::LoadU(d, from + v * kLanes);
  }
  const auto add = [&](const float* const* rows, std::int64_t count) HWY_ATTR {
    const float* row[MR];
    RONDO_UNROLL for (int r = 0; r < MR; ++r) row[r] = rows[r];
    for (std::int64_t k = 0; k < count; ++k, w += stride) {
      V a[MR];
      RONDO_UNROLL for (int r = 0; r < MR; ++r) a[r] = hn::Set(d, row[r][k]);
      RONDO_UNROLL for (int v = 0; v < NV; ++v) {
        const V weight = hn::Load(d, w + v * kLanes);
        RONDO_UNROLL for (int r = 0; r < MR; ++r) acc[r][v] = hn::MulAdd(a[r], weight, acc[r][v]);
      }
    }
  };
  if (product.x_count > 0) add(x, product.x_count);
  if (product.h_count > 0) add(h, product.h_count);
  RONDO_UNROLL for (int r = 0; r < MR; ++r) {
    RONDO_UNROLL for (int v = 0; v < NV; ++v) {
      hn::StoreU(acc[r][v], d, out[r] + product.first + begin + v * kLanes);
    }
  }
}

using TileFunction = void (*)(const StreamProduct&, const float*, std::int64_t, std::int64_t,
                              const float* const*, const float* const*, float* const*) noexcept;
template <int MR, std::size_t... kVectors>
constexpr std::array<TileFunction, sizeof...(kVectors)> tiles(std::index_sequence<kVectors...>) {
  return {Tile<MR, static_cast<int>(kVectors) + 1>...};
}
constexpr auto kRowTiles = tiles<1>(std::make_index_sequence<kPanel>());
constexpr auto kBlockTiles = tiles<kTileRows>(std::make_index_sequence<kTile>());

void Multiply(const StreamProduct& product, std::int64_t rows, const float* const* x, const float* const* h,
              float* const* out, bool backwards) noexcept {
  const Panels panels{product.vectors, product.panels};
  const std::int64_t k = product.x_count + product.h_count;
  for (std::int64_t i = 0; i < panels.count; ++i) {
    const std::int64_t p = backwards ? panels.count - 1 - i : i;
    const std::int64_t begin = panels.first(p), vectors = panels.first(p + 1) - begin;
    const std::int64_t stride = vectors * kLanes;
    const float* w = product.weights + k * begin * kLanes;
    std::int64_t r = 0;
    for (; rows - r >= kTileRows; r += kTileRows) {
      for (std::int64_t v = 0; v < vectors; v += kTile) {
        const auto some = static_cast<std::size_t>(std::min<std::int64_t>(kTile, vectors - v));
        kBlockTiles[some - 1](product, w + v * kLanes, stride, (begin + v) * kLanes, x + r, h + r, out + r);
      }
    }
    for (; r < rows; ++r) {
      kRowTiles[static_cast<std::size_t>(vectors) - 1](product, w, stride, begin * kLanes, x + r, h + r,
                                                       out + r);
    }
  }
}

StreamKernels Kernels() { return {kLanes, first_level_cache() - (4 << 10), Pack, Multiply}; }

}  // namespace
}  // namespace rondo::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::kernels {
namespace {
HWY_EXPORT(Kernels);
}  // namespace
StreamKernels stream_kernels() { return HWY_DYNAMIC_DISPATCH(Kernels)(); }
}  // namespace rondo::kernels
#endif
