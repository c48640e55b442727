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
struct AnyActivations {
  static constexpr bool kInlined = false;
  std::size_t act_kind, gate_kind;
  HWY_INLINE explicit AnyActivations(const CellCall<Number>& call)
      : act_kind(static_cast<std::size_t>(call.activation)),
        gate_kind(static_cast<std::size_t>(call.recurrent_activation)) {}
  HWY_INLINE Lane act(Lane x) const { return activation::value_of(act_kind, x, activation::Entries()); }
  HWY_INLINE Lane gate(Lane x) const { return activation::value_of(gate_kind, x, activation::Entries()); }
  HWY_INLINE Lane d_act(Lane y, Lane dy) const {
    return activation::backward_of(act_kind, y, dy, activation::Entries());
  }
  HWY_INLINE Lane d_gate(Lane y, Lane dy) const {
    return activation::backward_of(gate_kind, y, dy, activation::Entries());
  }
};

/// The same with their inputs clipped to [-clip, clip], as ONNX's `clip`. No activation falls anywhere, so a
/// value that is at that of a bound or beyond says that the input was, and there the derivative is zero.
template <class Activations>
struct Clipped : Activations {
  Number clip;
  Lane act_low, act_high, gate_low, gate_high;
  HWY_INLINE explicit Clipped(const CellCall<Number>& call)
      : Activations(call),
        clip(call.clip),
        act_low(Activations::act(Lane(-clip))),
        act_high(Activations::act(Lane(clip))),
        gate_low(Activations::gate(Lane(-clip))),
        gate_high(Activations::gate(Lane(clip))) {}
  HWY_INLINE Lane act(Lane x) const { return Activations::act(clamp(x, -clip, clip)); }
  HWY_INLINE Lane gate(Lane x) const { return Activations::gate(clamp(x, -clip, clip)); }
  HWY_INLINE Lane d_act(Lane y, Lane dy) const {
    return between(act_low, y, act_high, Activations::d_act(y, dy));
  }
  HWY_INLINE Lane d_gate(Lane y, Lane dy) const {
    return between(gate_low, y, gate_high, Activations::d_gate(y, dy));
  }
  static HWY_INLINE Lane between(Lane low, Lane y, Lane high, Lane d) {
    return if_less(low, y, if_less(y, high, d, Lane(0.0)), Lane(0.0));
  }
};

/// How lines are walked over, a line being what lies side by side in memory: the units of a row, or with
/// lanes_are_rows the rows of a unit. The first three are known when compiling: whole vectors of units, those
/// that are left, and vectors of rows. `any` asks each time.
enum class Walk { whole_units, some_units, rows, any };

/// What a formula sees: its unit's sums, states and places for results.
template <class Activations, Walk kWalk>
struct FormulaIo : Activations {
  const CellCall<Number>& call;
  std::int64_t line, at = 0;  ///< which line, and where in it
  bool whole = true;          ///< what Walk::any asks

  HWY_INLINE FormulaIo(const Activations& a, const CellCall<Number>& c, std::int64_t l)
      : Activations(a), call(c), line(l) {}

  HWY_INLINE bool lanes_are_rows() const {
    return kWalk == Walk::rows || (kWalk == Walk::any && call.lanes_are_rows);
  }
  /// Whether the vector ends within its line. Lines of rows are whole vectors.
  HWY_INLINE bool is_whole() const { return kWalk == Walk::any ? whole : kWalk != Walk::some_units; }
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
    return lanes_are_rows() ? (k * call.units + line) * stride + at : line * stride + k * call.units + at;
  }
  HWY_INLINE Number* sum_at(int k) const { return call.sums + place(k, call.sums_stride); }
  HWY_INLINE Number* d_state_at(int j) const { return call.d_state[j] + place(0, call.d_state_stride); }

  HWY_INLINE Lane one() const { return Lane(1.0); }
  HWY_INLINE Lane sum(int k) const { return get(sum_at(k)); }
  HWY_INLINE Lane saved(int k) const { return get(sum_at(k)); }
  HWY_INLINE Lane state(int j) const { return get(call.state[j] + place(0, call.state_stride)); }
  HWY_INLINE Lane vector(int p) const {
    if (lanes_are_rows()) return Lane(call.vectors[p * call.units + line]);
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

template <class Activations, class Formula>
HWY_INLINE void for_each_unit(const CellCall<Number>& shared, Formula formula) {
  const CellCall<Number> call = shared;  // a copy that no store can change: strides stay in registers
  const Activations activations(call);
  const std::int64_t lines = call.lanes_are_rows ? call.units : call.rows,
                     length = call.lanes_are_rows ? call.rows : call.units;
  if constexpr (!Activations::kInlined) {  // a call for each activation hides what this asks; less to compile
    for (std::int64_t line = 0; line < lines; ++line) {
      FormulaIo<Activations, Walk::any> io(activations, call, line);
      for (; io.at < length; io.at += kLanes) {
        io.whole = io.at + kLanes <= length;
        formula(io);
      }
    }
  } else if (call.lanes_are_rows) {
    for (std::int64_t unit = 0; unit < lines; ++unit) {
      FormulaIo<Activations, Walk::rows> io(activations, call, unit);
      for (; io.at < length; io.at += kLanes) formula(io);
    }
  } else {
    for (std::int64_t row = 0; row < lines; ++row) {
      FormulaIo<Activations, Walk::whole_units> io(activations, call, row);
      for (; io.at + kLanes <= length; io.at += kLanes) formula(io);
      if (io.at < length) {
        FormulaIo<Activations, Walk::some_units> rest(activations, call, row);
        rest.at = io.at;
        formula(rest);
      }
    }
  }
}

template <class Formula>
HWY_INLINE void with_activations(const CellCall<Number>& call, Formula formula) {
  if (call.clip > 0) {
    for_each_unit<Clipped<AnyActivations>>(call, formula);
  } else if (call.activation == ActivationKind::tanh &&
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
