// A piece of a step of a small cell: products and formulas without a sum ever leaving its register. Include
// after the cell runner, inside the namespace of a lane type. No include guard: included once per lane type.

/// A step and its row.
struct StreamCellCall {
  const StreamCellStep& step;
  const float* x;
  float* state;
  float* next_h;
  float* y;  ///< [units], or null
};

/// What a formula sees of one vector of units whose sums are in registers.
template <int kSums, bool kKeeps>
struct RegisterIo : UsualActivations {
  Lane sums[kSums];
  const StreamCellCall& call;
  std::int64_t at;

  HWY_INLINE RegisterIo(const StreamCellCall& c, std::int64_t unit)
      : UsualActivations(CellCall<Number>{}), call(c), at(unit) {}
  HWY_INLINE Lane one() const { return Lane(1.0); }
  HWY_INLINE Lane sum(int k) const { return sums[k]; }
  HWY_INLINE Lane state(int j) const { return load(call.state + call.step.offset[j] + at); }
  HWY_INLINE Lane vector(int p) const { return load(call.step.vectors + p * call.step.pitch + at); }
  HWY_INLINE void save(int k, Lane v) {
    if constexpr (kKeeps) sums[k] = v;
  }
  HWY_INLINE void next(int j, Lane v) const {
    float* to = j == 0 && !kKeeps ? call.next_h : call.state + call.step.offset[j];
    store(v, to + (kKeeps ? call.step.units : 0) + at);
    if (j == 0 && call.y != nullptr) put(v, call.y);
  }
  /// What a formula saved instead of its sums, and the sums that it left.
  HWY_INLINE void keep() const {
    for (int k = 0; k < kSums; ++k) put(sums[k], call.next_h + k * call.step.units);
  }
  /// Into a row of units.
  HWY_INLINE void put(Lane v, float* row) const {
    if (at + kLanes <= call.step.units) return store(v, row + at);
    store_some(v, row + at, call.step.units - at);
  }
};

/// kBlocks vectors of units from `unit`. Weights: [x, then h][block][sum that is fed][lane].
template <class Cell, int kBlocks, bool kKeeps>
HWY_NOINLINE void step_units(const StreamCellStep& step, const float* x, float* state, float* next_h,
                             float* y, std::int64_t unit) noexcept {
  const StreamCellCall call{step, x, state, next_h, y};
  constexpr int kSums = Cell::info.sums;
  constexpr auto kInput = fed_sums(Cell::info, true), kState = fed_sums(Cell::info, false);
  const float* HWY_RESTRICT w = step.weights + unit * (step.inputs + step.units) * Cell::info.gates;
  Lane acc[kBlocks][kSums];
  RONDO_UNROLL for (int b = 0; b < kBlocks; ++b) {
    RONDO_UNROLL for (int s = 0; s < kSums; ++s) acc[b][s] =
        load(step.start + s * step.pitch + unit + b * kLanes);
  }
  const auto add = [&](auto fed_by, const float* from, std::int64_t count) HWY_ATTR {
    constexpr auto kFed = decltype(fed_by)::value ? kInput : kState;
    for (std::int64_t k = 0; k < count; ++k) {
      const Lane factor = hn::Set(FloatTag(), from[k]);
      RONDO_UNROLL for (int b = 0; b < kBlocks; ++b) {
        RONDO_UNROLL for (int s = 0; s < kSums; ++s) {
          if (!kFed[static_cast<std::size_t>(s)]) continue;
          acc[b][s] = fma(factor, load(w), acc[b][s]);
          w += kLanes;
        }
      }
    }
  };
  add(std::true_type(), call.x, step.inputs);
  add(std::false_type(), call.state, step.units);
  RONDO_UNROLL for (int b = 0; b < kBlocks; ++b) {
    RegisterIo<kSums, kKeeps> io(call, unit + b * kLanes);
    RONDO_UNROLL for (int s = 0; s < kSums; ++s) io.sums[s] = acc[b][s];
    Cell::forward(io);
    if constexpr (kKeeps) io.keep();
  }
}

template <class Cell, int kBlocks, bool kKeeps>
constexpr StreamCellFunction stream_function() {
  if constexpr (Cell::info.stages == 1 && kBlocks <= stream_vectors(Cell::info.gates, false)) {
    return step_units<Cell, kBlocks, kKeeps>;
  }
  return nullptr;
}
template <bool kKeeps, class... Cell>
constexpr auto stream_functions(Cells<Cell...>) {
  using Sizes = std::array<StreamCellFunction, kStreamVectors>;
  return std::array<Sizes, sizeof...(Cell)>{
      Sizes{stream_function<Cell, 1, kKeeps>(), stream_function<Cell, 2, kKeeps>(),
            stream_function<Cell, 3, kKeeps>(), stream_function<Cell, 4, kKeeps>()}...};
}
template <bool kKeeps, class... Cell>
constexpr auto narrow_stream_functions(Cells<Cell...>) {
  return std::array<StreamCellFunction, sizeof...(Cell)>{stream_function<Cell, 1, kKeeps>()...};
}
