// What the kernels are tuned by, one struct for each instruction set: adding one means to fill in these
// numbers. No number changes a bit of any result. Include inside namespace rondo::kernels::HWY_NAMESPACE; no
// include guard: included once for each instruction set.

constexpr int kMaxPanel = 4;  ///< vectors of a panel at most

/// Sizes of tiles: sums that stay in registers while a product walks over k. A tile of r rows and v vectors
/// takes r·v registers of sums, v of the right-hand side, and one for the factor that is broadcast.
struct Tiling {
  int panel;                                 ///< matrix.h: vectors of a panel of weights
  std::array<int, kMaxPanel + 1> rows;       ///< matrix.h: rows of a tile of 0, 1, 2 … vectors; even
  int lane_rows;                             ///< lanes.h: rows of a tile two vectors wide
  std::array<int, kMaxPanel + 1> grad_rows;  ///< lanes.h: rows of a gradient's tile of 0, 1, 2 … vectors
  int stream_panel;                          ///< stream.h: vectors in flight for one row
  int stream_tile;                           ///< stream.h: vectors in flight for each of four rows
  bool fractions;  ///< half and quarter vectors for the last columns save work: vectors of 16 lanes
};

#if HWY_TARGET <= HWY_AVX3
// 32 registers of 16 lanes: 6 rows x 4 vectors of sums, 12 x 2 of lanes.
constexpr Tiling kTiling = {.panel = 4,
                            .rows = {0, 14, 12, 8, 6},
                            .lane_rows = 12,
                            .grad_rows = {0, 12, 12, 8, 6},
                            .stream_panel = 16,
                            .stream_tile = 6,
                            .fractions = true};
#elif HWY_ARCH_ARM || HWY_ARCH_RVV || HWY_ARCH_PPC
// 32 registers as well, of 4 lanes (NEON) or of whatever the machine has.
constexpr Tiling kTiling = {.panel = 4,
                            .rows = {0, 14, 12, 8, 6},
                            .lane_rows = 12,
                            .grad_rows = {0, 12, 12, 8, 6},
                            .stream_panel = 16,
                            .stream_tile = 6,
                            .fractions = false};
#else
// 16 registers: 6 rows x 2 vectors of sums.
constexpr Tiling kTiling = {.panel = 2,
                            .rows = {0, 10, 6},
                            .lane_rows = 6,
                            .grad_rows = {0, 10, 6},
                            .stream_panel = 12,
                            .stream_tile = 3,
                            .fractions = false};
#endif

/// Calls job.operator()<n>() for n = count, which is one of 1 … kMax.
template <int kMax, int kN = 1, class Job>
HWY_INLINE void WithCount(std::int64_t count, Job job) {
  if constexpr (kN == kMax) {
    job.template operator()<kN>();
  } else if (count == kN) {
    job.template operator()<kN>();
  } else {
    WithCount<kMax, kN + 1>(count, job);
  }
}
