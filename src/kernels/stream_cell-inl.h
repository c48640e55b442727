// A piece of a step of a small cell: products and formulas without a sum ever leaving its register. Include after the cell
// runner, inside the namespace of a lane type. No include guard: included once per lane type.

/// A step and its row.
struct StreamCellCall {
  const StreamCellStep& step;
  const float* x;
  float* state;
  float* y;  ///< [units], or null
};

/// What a formula sees of one vector of units whose sums are in registers.
template <int kSums>
struct RegisterIo : UsualActivations {
  Lane sums[kSums];
  const StreamCellCall& call;
  float* next_h;
  std::int64_t at;

  HWY_INLINE RegisterIo(const StreamCellCall& c, float* h, std::int64_t unit)
      : UsualActivations(CellCall<Number>{}), call(c), next_h(h), at(unit) {}
  HWY_INLINE Lane one() const { return Lane(1.0); }
  HWY_INLINE Lane sum(int k) const { return sums[k]; }
  HWY_INLINE Lane state(int j) const { return load(call.state + call.step.offset[j] + at); }
  HWY_INLINE Lane vector(int p) const { return load(call.step.vectors + p * call.step.pitch + at); }
  HWY_INLINE void save(int, Lane) const {}
  HWY_INLINE void next(int j, Lane v) const {
    if (j > 0) return store(v, call.state + call.step.offset[j] + at);
    store(v, next_h + at);
    if (call.y == nullptr) return;
    if (at + kLanes <= call.step.units) return store(v, call.y + at);
    store_some(v, call.y + at, call.step.units - at);
  }
};

#ifdef __clang__
#define RONDO_STREAM_CELL_UNROLL _Pragma("clang loop unroll(full)")
#else
#define RONDO_STREAM_CELL_UNROLL _Pragma("GCC unroll 16")
#endif

/// kBlocks vectors of units from `unit`. Weights: [x, then h][block][sum that is fed][lane].
template <class Cell, int kBlocks>
HWY_NOINLINE void step_units(const StreamCellStep& step, const float* x, float* state, float* next_h,
                             float* y, std::int64_t unit) noexcept {
  const StreamCellCall call{step, x, state, y};
  constexpr int kSums = Cell::info.sums;
  constexpr auto kInput = fed_sums(Cell::info, true), kState = fed_sums(Cell::info, false);
  const float* HWY_RESTRICT w = step.weights + unit * (step.inputs + step.units) * Cell::info.gates;
  Lane acc[kBlocks][kSums];
  RONDO_STREAM_CELL_UNROLL for (int b = 0; b < kBlocks; ++b) {
    RONDO_STREAM_CELL_UNROLL for (int s = 0; s < kSums; ++s) acc[b][s] =
        load(step.start + s * step.pitch + unit + b * kLanes);
  }
  const auto add = [&](auto fed_by, const float* from, std::int64_t count) HWY_ATTR {
    constexpr auto kFed = decltype(fed_by)::value ? kInput : kState;
    for (std::int64_t k = 0; k < count; ++k) {
      const Lane factor = hn::Set(FloatTag(), from[k]);
      RONDO_STREAM_CELL_UNROLL for (int b = 0; b < kBlocks; ++b) {
        RONDO_STREAM_CELL_UNROLL for (int s = 0; s < kSums; ++s) {
          if (!kFed[static_cast<std::size_t>(s)]) continue;
          acc[b][s] = fma(factor, load(w), acc[b][s]);
          w += kLanes;
        }
      }
    }
  };
  add(std::true_type(), call.x, step.inputs);
  add(std::false_type(), call.state, step.units);
  RONDO_STREAM_CELL_UNROLL for (int b = 0; b < kBlocks; ++b) {
    RegisterIo<kSums> io(call, next_h, unit + b * kLanes);
    RONDO_STREAM_CELL_UNROLL for (int s = 0; s < kSums; ++s) io.sums[s] = acc[b][s];
    Cell::forward(io);
  }
}
#undef RONDO_STREAM_CELL_UNROLL

template <class Cell, int kBlocks>
constexpr StreamCellFunction stream_function() {
  if constexpr (Cell::info.stages == 1 && kBlocks <= stream_vectors(Cell::info.gates, false)) {
    return step_units<Cell, kBlocks>;
  }
  return nullptr;
}
template <class... Cell>
constexpr auto stream_functions(Cells<Cell...>) {
  using Sizes = std::array<StreamCellFunction, kStreamVectors>;
  return std::array<Sizes, sizeof...(Cell)>{Sizes{stream_function<Cell, 1>(), stream_function<Cell, 2>(),
                                                  stream_function<Cell, 3>(), stream_function<Cell, 4>()}...};
}
template <class... Cell>
constexpr auto narrow_stream_functions(Cells<Cell...>) {
  return std::array<StreamCellFunction, sizeof...(Cell)>{stream_function<Cell, 1>()...};
}
