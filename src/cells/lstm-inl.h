// Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000; gates in Keras's order i, f, c,
// o. Peepholes (Gers and Schmidhuber 2000): i and f see the old c, o sees the new one. Coupled gates (Greff
// et al. 2017, "CIFG"): i = 1 - f, so there are three gates f, c, o.
template <bool kPeephole, bool kCoupled>
struct Lstm {
  static constexpr int F = kCoupled ? 0 : 1, C = F + 1, O = F + 2, I = 0;
  static constexpr cells::CellInfo info{
      .name = kPeephole ? (kCoupled ? "coupled_peephole_lstm" : "peephole_lstm")
                        : (kCoupled ? "coupled_lstm" : "lstm"),
      .doc = "long short-term memory",
      .gates = kCoupled ? 3 : 4,
      .sums = kCoupled ? 3 : 4,
      .states = 2,
      .input_sum = {0, 1, 2, 3},
      .recurrent_sum = {0, 1, 2, 3},
      .forget_gate = F,
      .normalized_state = 1,
      .vectors = kPeephole ? (kCoupled ? 2 : 3) : 0,
      .vector_names = kCoupled
                          ? std::array<const char*, cells::kMaxVectors>{"peephole_forget", "peephole_output"}
                          : std::array<const char*, cells::kMaxVectors>{"peephole_input", "peephole_forget",
                                                                        "peephole_output"},
      .variant_of = kPeephole || kCoupled ? "lstm" : nullptr,
      .options = {"unit_forget_bias", "peephole", "coupled", "proj_size", "zoneout_cell"},
      .chosen_by = {{{"peephole", kPeephole}, {"coupled", kCoupled}}},
      .gate_names = kCoupled
                        ? std::array<const char*, cells::kMaxSums>{"forget", "candidate", "output"}
                        : std::array<const char*, cells::kMaxSums>{"input", "forget", "candidate", "output"}};
  static constexpr int PF = kCoupled ? 0 : 1, PO = PF + 1;  // rows of the peephole vectors

  static void forward(auto& io) {
    const auto c0 = io.state(1);
    auto si = io.sum(I), sf = io.sum(F), so = io.sum(O);
    if constexpr (kPeephole) sf = fma(io.vector(PF), c0, sf);
    if constexpr (kPeephole && !kCoupled) si = fma(io.vector(0), c0, si);
    // In the order in which c needs them: a processor that divides one vector after the other begins with the
    // first.
    const auto g = io.act(io.sum(C));
    const auto f = io.gate(sf);
    const auto i = kCoupled ? io.one() - f : io.gate(si);
    const auto c = fma(f, c0, i * g);
    if constexpr (kPeephole) so = fma(io.vector(PO), c, so);
    const auto o = io.gate(so);
    if constexpr (!kCoupled) io.save(I, i);
    io.save(F, f);
    io.save(C, g);
    io.save(O, o);
    io.next(0, o * io.act(c));
    io.next(1, c);
  }

  // Layer normalisation puts a normalised c' in front of the output: h = o·act(norm(c')). The driver
  // normalises the c' that forward left and hands it over as the operand.
  static void output(auto& io) { io.next(0, io.saved(O) * io.act(io.operand())); }
  /// Backwards through `output`: ∂L/∂so stays in sum O, the operand becomes ∂L/∂norm(c').
  static void backward_output(auto& io) {
    const auto o = io.saved(O), a = io.act(io.operand()), dh = io.d_next(0);
    io.d_sum(O, io.d_gate(o, dh * a));
    io.set_operand(io.d_act(a, dh * o));
  }

  static void backward(auto& io) { backward_of<false>(io); }
  /// After backward_output: d_next(1) has all that reaches c'.
  static void backward_normalized(auto& io) { backward_of<true>(io); }

 private:
  template <bool kNormalized>
  static void backward_of(auto& io) {
    const auto c0 = io.state(1), f = io.saved(F), g = io.saved(C), o = io.saved(O);
    const auto i = kCoupled ? io.one() - f : io.saved(I);
    auto so = o, dc = io.d_next(1), c = c0;
    if constexpr (kPeephole || !kNormalized)
      c = fma(f, c0, i * g);  // forward's bits; cheaper than keeping it
    if constexpr (!kNormalized) {
      const auto a = io.act(c), dh = io.d_next(0);
      so = io.d_gate(o, dh * a);
      dc = dc + io.d_act(a, dh * o);
      io.d_sum(O, so);
    }
    if constexpr (kPeephole) dc = fma(io.vector(PO), so, dc);
    auto df = dc * c0;
    const auto di = dc * g;
    if constexpr (kCoupled) df = df - di;
    const auto sf = io.d_gate(f, df);
    auto d_state = dc * f;
    if constexpr (!kCoupled) {
      const auto si = io.d_gate(i, di);
      io.d_sum(I, si);
      if constexpr (kPeephole) {
        d_state = fma(io.vector(0), si, d_state);
        io.d_vector(0, si * c0);
      }
    }
    if constexpr (kPeephole) {
      d_state = fma(io.vector(PF), sf, d_state);
      io.d_vector(PF, sf * c0);
      io.d_vector(PO, so * c);
    }
    io.d_sum(F, sf);
    io.d_sum(C, io.d_act(g, dc * i));
    io.d_state(1, d_state);
  }
};

using Family = Cells<Lstm<false, false>, Lstm<true, false>, Lstm<false, true>, Lstm<true, true>>;
