// A whole step of a small cell: products and formulas without a sum ever leaving its register. Include after the cell
// runner, inside the namespace of an instruction set. No include guard: included once per instruction set.

/// What a formula sees of one vector of units whose sums are in registers.
template <int kSums>
struct RegisterIo : UsualActivations {
  Lane sums[kSums];
  const StreamCellStep& step;
  float* next_h;
  std::int64_t at;

  HWY_INLINE RegisterIo(const StreamCellStep& s, float* h, std::int64_t unit)
      : UsualActivations(CellCall<Number>{}), step(s), next_h(h), at(unit) {}
  HWY_INLINE Lane one() const { return Lane(1.0); }
  HWY_INLINE Lane sum(int k) const { return sums[k]; }
  HWY_INLINE Lane state(int j) const { return load(step.state[j] + at); }
  HWY_INLINE Lane vector(int p) const { return load(step.vectors + p * step.units + at); }
  HWY_INLINE void save(int, Lane) const {}
  HWY_INLINE void next(int j, Lane v) const { store(v, (j == 0 ? next_h : step.state[j]) + at); }
};

#ifdef __clang__
#define RONDO_STREAM_CELL_UNROLL _Pragma("clang loop unroll(full)")
#else
#define RONDO_STREAM_CELL_UNROLL _Pragma("GCC unroll 16")
#endif

/// kBlocks vectors of units from `unit`. Weights: [k][block][sum that is fed][lane].
template <class Cell, int kBlocks>
HWY_INLINE const float* step_units(const StreamCellStep& step, const float* HWY_RESTRICT w, float* next_h,
                                   std::int64_t unit) {
  constexpr int kSums = Cell::info.sums;
  constexpr auto kInput = fed_sums(Cell::info, true), kState = fed_sums(Cell::info, false);
  Lane acc[kBlocks][kSums];
  RONDO_STREAM_CELL_UNROLL for (int b = 0; b < kBlocks; ++b) {
    RONDO_STREAM_CELL_UNROLL for (int s = 0; s < kSums; ++s) acc[b][s] =
        load(step.start + s * step.units + unit + b * kLanes);
  }
  const auto add = [&](auto fed_by, const float* from, std::int64_t count) HWY_ATTR {
    constexpr auto kFed = decltype(fed_by)::value ? kInput : kState;
    for (std::int64_t k = 0; k < count; ++k) {
      const Lane x = hn::Set(FloatTag(), from[k]);
      RONDO_STREAM_CELL_UNROLL for (int b = 0; b < kBlocks; ++b) {
        RONDO_STREAM_CELL_UNROLL for (int s = 0; s < kSums; ++s) {
          if (!kFed[static_cast<std::size_t>(s)]) continue;
          acc[b][s] = fma(x, load(w), acc[b][s]);
          w += kLanes;
        }
      }
    }
  };
  add(std::true_type(), step.x, step.inputs);
  add(std::false_type(), step.state[0], step.states);
  RONDO_STREAM_CELL_UNROLL for (int b = 0; b < kBlocks; ++b) {
    RegisterIo<kSums> io(step, next_h, unit + b * kLanes);
    RONDO_STREAM_CELL_UNROLL for (int s = 0; s < kSums; ++s) io.sums[s] = acc[b][s];
    Cell::forward(io);
  }
  return w;
}

/// All units; blocks of as many vectors as keep about eight sums in flight.
template <class Cell>
void run_stream_step(const StreamCellStep& shared) noexcept {
  const StreamCellStep step = shared;
  constexpr int kMost = stream_blocks(Cell::info.sums);
  const std::int64_t blocks = step.units / kLanes;
  // h is read until the last group is made: only one that is the first, too, may write over it.
  const bool one_group = blocks <= kMost && (blocks & (blocks - 1)) == 0;
  float* next_h = one_group ? step.state[0] : step.next_h;
  const float* w = step.weights;
  std::int64_t block = 0;
  for (; blocks - block >= kMost; block += kMost)
    w = step_units<Cell, kMost>(step, w, next_h, block * kLanes);
  const auto rest = [&]<int kBlocks>() HWY_ATTR {
    if constexpr (kBlocks < kMost) {
      if (((blocks - block) & kBlocks) == 0) return;
      w = step_units<Cell, kBlocks>(step, w, next_h, block * kLanes);
      block += kBlocks;
    }
  };
  rest.template operator()<4>();
  rest.template operator()<2>();
  rest.template operator()<1>();
  if (one_group) return;
  for (std::int64_t u = 0; u < step.units; u += kLanes) store(load(next_h + u), step.state[0] + u);
}

template <class... Cell>
constexpr auto stream_table_of(Cells<Cell...>) {
  return std::array<StreamCellFunction, sizeof...(Cell)>{[]() -> StreamCellFunction {
    if constexpr (Cell::info.stages == 1) return run_stream_step<Cell>;
    return nullptr;
  }()...};
}
#undef RONDO_STREAM_CELL_UNROLL
