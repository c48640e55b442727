// Runs formulas over rows and units. Expects in scope: a lane type `Lane`, `kLanes`, load(pointer),
// store(value, pointer) and load_some/store_some for the first n elements of type `Number`, and activate().
// No include guard: included once per lane type.

template <class... Cell>
struct Cells {};

/// Tanh and sigmoid known when compiling: the case that must be fast.
struct UsualActivations {
  static constexpr bool kInlined = true;
  HWY_INLINE explicit UsualActivations(const CellCall<Number>&) {}
  HWY_INLINE Lane act(Lane x) const { return tanh(x); }
  HWY_INLINE Lane gate(Lane x) const { return sigmoid(x); }
  HWY_INLINE Lane d_act(Lane y, Lane dy) const { return activation::Tanh::backward(y, dy); }
  HWY_INLINE Lane d_gate(Lane y, Lane dy) const { return activation::Sigmoid::backward(y, dy); }
};
/// Asks each time. Inputs may be clipped to [-clip, clip], as ONNX's `clip`: no activation falls anywhere, so
/// a value that is at that of a bound or beyond says that the input was, and there the derivative is zero.
struct AnyActivations {
  static constexpr bool kInlined = false;
  /// One activation, with its values at the bounds.
  struct Clipped {
    std::size_t kind;
    Number clip;
    Lane low = 0, high = 0;
    HWY_INLINE Clipped(ActivationKind of, Number bound) : kind(static_cast<std::size_t>(of)), clip(bound) {
      if (clip > 0) low = value(Lane(-clip)), high = value(Lane(clip));
    }
    HWY_INLINE Lane value(Lane x) const {
      return activation::value_of(kind, clip > 0 ? clamp(x, -clip, clip) : x, activation::Entries());
    }
    HWY_INLINE Lane backward(Lane y, Lane dy) const {
      const Lane d = activation::backward_of(kind, y, dy, activation::Entries());
      return clip > 0 ? if_less(low, y, if_less(y, high, d, Lane(0.0)), Lane(0.0)) : d;
    }
  } of_act, of_gate;
  HWY_INLINE explicit AnyActivations(const CellCall<Number>& call)
      : of_act(call.activation, call.clip), of_gate(call.recurrent_activation, call.clip) {}
  HWY_INLINE Lane act(Lane x) const { return of_act.value(x); }
  HWY_INLINE Lane gate(Lane x) const { return of_gate.value(x); }
  HWY_INLINE Lane d_act(Lane y, Lane dy) const { return of_act.backward(y, dy); }
  HWY_INLINE Lane d_gate(Lane y, Lane dy) const { return of_gate.backward(y, dy); }
};

/// How far a vector reaches into its line, a line being what lies side by side in memory: the units of a row,
/// or with lanes_are_rows the rows of a unit, which are whole vectors. `any` asks each time.
enum class Reach { whole, some, any };

/// What a formula sees: its unit's sums, states and places for results.
template <class Activations, Reach kReach>
struct FormulaIo : Activations {
  const CellCall<Number>& call;
  std::int64_t line, at = 0;  ///< which line, and where in it
  bool whole = true;          ///< what Reach::any asks

  HWY_INLINE FormulaIo(const Activations& a, const CellCall<Number>& c, std::int64_t l)
      : Activations(a), call(c), line(l) {}

  HWY_INLINE bool is_whole() const { return kReach == Reach::any ? whole : kReach == Reach::whole; }
  HWY_INLINE Lane get(const Number* p) const { return is_whole() ? load(p) : load_some(p, call.units - at); }
  HWY_INLINE void put(Lane v, Number* p) const {
    if (is_whole()) {
      store(v, p);
    } else {
      store_some(v, p, call.units - at);
    }
  }
  /// Element of an array of `k` kinds: [line][kind][at], or [kind][line][at] when lanes are rows.
  HWY_INLINE std::int64_t place(int k, std::int64_t stride) const {
    return line * stride + k * (call.lanes_are_rows ? call.units * stride : call.units) + at;
  }
  HWY_INLINE Number* sum_at(int k) const { return call.sums + place(k, call.sums_stride); }
  HWY_INLINE Number* d_state_at(int j) const { return call.d_state[j] + place(0, call.d_state_stride); }

  HWY_INLINE Lane one() const { return Lane(1.0); }
  HWY_INLINE Lane sum(int k) const { return get(sum_at(k)); }
  HWY_INLINE Lane saved(int k) const { return get(sum_at(k)); }
  HWY_INLINE Lane state(int j) const { return get(call.state[j] + place(0, call.state_stride)); }
  HWY_INLINE Lane vector(int p) const {
    if (call.lanes_are_rows) return Lane(call.vectors[p * call.units + line]);
    return get(call.vectors + p * call.units + at);
  }
  HWY_INLINE void save(int k, Lane v) const { put(v, sum_at(k)); }
  HWY_INLINE void next(int j, Lane v) const {
    put(v, call.next[j] + place(0, call.next_stride));
    if (j == 0 && call.output != nullptr) put(v, call.output + place(0, call.output_stride));
  }
  HWY_INLINE void set_operand(Lane v) const { put(v, call.operand + place(0, call.operand_stride)); }

  HWY_INLINE Lane d_next(int j) const {
    Lane d = get(d_state_at(j));
    if (j == 0 && call.d_output != nullptr) d = d + get(call.d_output + place(0, call.d_output_stride));
    return d;
  }
  HWY_INLINE Lane operand() const { return d_operand(); }
  HWY_INLINE Lane d_operand() const { return get(call.operand + place(0, call.operand_stride)); }
  HWY_INLINE void d_sum(int k, Lane v) const { put(v, sum_at(k)); }
  HWY_INLINE void d_state(int j, Lane v) const { put(v, d_state_at(j)); }
  HWY_INLINE void d_vector(int p, Lane v) const { put(v, call.d_vectors + place(p, call.d_vectors_stride)); }
};

/// The last units of a line, less than a vector. Not inlined: what it keeps would cost every other line
/// registers.
template <class Activations, class Formula>
HWY_NOINLINE void run_last(const CellCall<Number>& call, std::int64_t line, std::int64_t at,
                           Formula formula) {
  FormulaIo<Activations, Reach::some> io(Activations(call), call, line);
  io.at = at;
  formula(io);
}

template <class Activations, class Formula>
HWY_INLINE void for_each_unit(const CellCall<Number>& shared, Formula formula) {
  const CellCall<Number> call = shared;  // a copy that no store can change: strides stay in registers
  const Activations activations(call);
  const std::int64_t lines = call.lanes_are_rows ? call.units : call.rows,
                     length = call.lanes_are_rows ? call.rows : call.units;
  for (std::int64_t line = 0; line < lines; ++line) {
    if constexpr (Activations::kInlined) {
      FormulaIo<Activations, Reach::whole> io(activations, call, line);
      for (; io.at + kLanes <= length; io.at += kLanes) formula(io);
      if (io.at < length) run_last<Activations>(shared, line, io.at, formula);
    } else {  // a call for each activation hides what this asks; less to compile
      FormulaIo<Activations, Reach::any> io(activations, call, line);
      for (; io.at < length; io.at += kLanes) {
        io.whole = io.at + kLanes <= length;
        formula(io);
      }
    }
  }
}

template <class Formula>
HWY_INLINE void with_activations(const CellCall<Number>& call, Formula formula) {
  if (call.clip == 0 && call.activation == ActivationKind::tanh &&
      call.recurrent_activation == ActivationKind::sigmoid) {
    for_each_unit<UsualActivations>(call, formula);
  } else {
    for_each_unit<AnyActivations>(call, formula);
  }
}

template <class Formula>
void run(const CellCall<Number>& call) {
  with_activations(call, Formula());
}
/// The loop over rows and units around a formula, a lambda without captures.
template <class Formula>
constexpr auto loop_of(Formula) {
  return &run<Formula>;
}

template <class Cell>
constexpr CellFormulas<Number> formulas_of() {
  CellFormulas<Number> formulas{.forward = loop_of([](auto& io) HWY_ATTR { Cell::forward(io); }),
                                .backward = loop_of([](auto& io) HWY_ATTR { Cell::backward(io); })};
  if constexpr (Cell::info.stages == 2) {
    formulas.prepare = loop_of([](auto& io) HWY_ATTR { Cell::prepare(io); });
    formulas.backward_prepare = loop_of([](auto& io) HWY_ATTR { Cell::backward_prepare(io); });
  }
  if constexpr (Cell::info.normalized_state >= 0) {
    formulas.output = loop_of([](auto& io) HWY_ATTR { Cell::output(io); });
    formulas.backward_output = loop_of([](auto& io) HWY_ATTR { Cell::backward_output(io); });
    formulas.backward_normalized = loop_of([](auto& io) HWY_ATTR { Cell::backward_normalized(io); });
  }
  return formulas;
}

template <class... Cell>
constexpr auto table_of(Cells<Cell...>) {
  return std::array<CellFormulas<Number>, sizeof...(Cell)>{formulas_of<Cell>()...};
}
