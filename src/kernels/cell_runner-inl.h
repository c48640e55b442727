// Runs formulas over rows and units. Expects in scope: a lane type `Lane`, `kLanes`, load(pointer),
// store(value, pointer) and load_some/store_some for the first n elements of type `Number`, and activate().
// No include guard: included once per lane type.

template <class... Cell>
struct Cells {};

/// Tanh and sigmoid known when compiling: the case that must be fast.
struct UsualActivations {
  HWY_INLINE explicit UsualActivations(const CellCall<Number>&) {}
  HWY_INLINE Lane act(Lane x) const { return tanh(x); }
  HWY_INLINE Lane gate(Lane x) const { return sigmoid(x); }
  HWY_INLINE Lane d_act(Lane y, Lane dy) const { return tanh_backward(y, dy); }
  HWY_INLINE Lane d_gate(Lane y, Lane dy) const { return sigmoid_backward(y, dy); }
};
struct AnyActivations {
  ActivationKind activation, recurrent;
  HWY_INLINE explicit AnyActivations(const CellCall<Number>& call)
      : activation(call.activation), recurrent(call.recurrent_activation) {}
  HWY_INLINE Lane act(Lane x) const { return activate(activation, x); }
  HWY_INLINE Lane gate(Lane x) const { return activate(recurrent, x); }
  HWY_INLINE Lane d_act(Lane y, Lane dy) const { return activate_backward(activation, y, dy); }
  HWY_INLINE Lane d_gate(Lane y, Lane dy) const { return activate_backward(recurrent, y, dy); }
};

/// What a formula sees: its unit's sums, states and places for results. kWhole: all lanes hold units.
template <class Activations, bool kWhole>
struct FormulaIo : Activations {
  const CellCall<Number>& call;
  std::int64_t row, unit = 0;

  HWY_INLINE FormulaIo(const CellCall<Number>& c, std::int64_t r) : Activations(c), call(c), row(r) {}

  HWY_INLINE Lane get(const Number* p) const {
    if constexpr (kWhole) return load(p);
    return load_some(p, call.units - unit);
  }
  HWY_INLINE void put(Lane v, Number* p) const {
    if constexpr (kWhole) {
      store(v, p);
    } else {
      store_some(v, p, call.units - unit);
    }
  }
  HWY_INLINE Number* sum_at(int k) const {
    return call.sums + row * call.sums_stride + k * call.units + unit;
  }
  HWY_INLINE Number* d_state_at(int j) const { return call.d_state[j] + row * call.d_state_stride + unit; }

  HWY_INLINE Lane one() const { return Lane(1.0); }
  HWY_INLINE Lane sum(int k) const { return get(sum_at(k)); }
  HWY_INLINE Lane saved(int k) const { return get(sum_at(k)); }
  HWY_INLINE Lane state(int j) const { return get(call.state[j] + row * call.state_stride + unit); }
  HWY_INLINE Lane vector(int p) const { return get(call.vectors + p * call.units + unit); }
  HWY_INLINE void save(int k, Lane v) const { put(v, sum_at(k)); }
  HWY_INLINE void next(int j, Lane v) const {
    put(v, call.next[j] + row * call.next_stride + unit);
    if (j == 0 && call.output != nullptr) put(v, call.output + row * call.output_stride + unit);
  }
  HWY_INLINE void set_operand(Lane v) const { put(v, call.operand + row * call.operand_stride + unit); }

  HWY_INLINE Lane d_next(int j) const {
    Lane d = get(d_state_at(j));
    if (j == 0 && call.d_output != nullptr) d = d + get(call.d_output + row * call.d_output_stride + unit);
    return d;
  }
  HWY_INLINE Lane d_operand() const { return get(call.operand + row * call.operand_stride + unit); }
  HWY_INLINE void d_sum(int k, Lane v) const { put(v, sum_at(k)); }
  HWY_INLINE void d_state(int j, Lane v) const { put(v, d_state_at(j)); }
  HWY_INLINE void d_vector(int p, Lane v) const {
    put(v, call.d_vectors + row * call.d_vectors_stride + p * call.units + unit);
  }
};

template <class Activations, class Formula>
HWY_INLINE void for_each_unit(const CellCall<Number>& call, Formula formula) {
  for (std::int64_t row = 0; row < call.rows; ++row) {
    FormulaIo<Activations, true> io(call, row);
    for (; io.unit + kLanes <= call.units; io.unit += kLanes) formula(io);
    if (io.unit < call.units) {
      FormulaIo<Activations, false> rest(call, row);
      rest.unit = io.unit;
      formula(rest);
    }
  }
}

template <class Formula>
HWY_INLINE void with_activations(const CellCall<Number>& call, Formula formula) {
  if (call.activation == ActivationKind::tanh && call.recurrent_activation == ActivationKind::sigmoid) {
    for_each_unit<UsualActivations>(call, formula);
  } else {
    for_each_unit<AnyActivations>(call, formula);
  }
}

template <class Cell>
void run_forward(const CellCall<Number>& call) {
  with_activations(call, [](auto& io) HWY_ATTR { Cell::forward(io); });
}
template <class Cell>
void run_backward(const CellCall<Number>& call) {
  with_activations(call, [](auto& io) HWY_ATTR { Cell::backward(io); });
}
template <class Cell>
void run_prepare(const CellCall<Number>& call) {
  with_activations(call, [](auto& io) HWY_ATTR { Cell::prepare(io); });
}
template <class Cell>
void run_backward_prepare(const CellCall<Number>& call) {
  with_activations(call, [](auto& io) HWY_ATTR { Cell::backward_prepare(io); });
}

template <class Cell>
constexpr CellFormulas<Number> formulas_of() {
  if constexpr (Cell::info.stages == 2) {
    return {run_forward<Cell>, run_prepare<Cell>, run_backward<Cell>, run_backward_prepare<Cell>};
  } else {
    return {run_forward<Cell>, nullptr, run_backward<Cell>, nullptr};
  }
}

template <class... Cell>
constexpr auto table_of(Cells<Cell...>) {
  return std::array<CellFormulas<Number>, sizeof...(Cell)>{formulas_of<Cell>()...};
}
