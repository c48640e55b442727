// Minimal gated unit, Zhou, Wu, Zhang and Zhou 2016: one gate f, h' = (1 - f)·h + f·n, n = act(x·W + (f·h)·U
// + b). CONTRIBUTING.md explains this file line by line as the example of how a cell is added.
struct Mgu {
  enum Sum { F, N, Kept };  // nothing feeds the third: the candidate waits there for backward_prepare
  static constexpr cells::CellInfo info{.name = "mgu",
                                        .doc = "minimal gated unit",
                                        .gates = 2,
                                        .sums = 3,
                                        .states = 1,
                                        .input_sum = {F, N},
                                        .recurrent_sum = {F, N},
                                        .recurrent_stage = {0, 1},
                                        .stages = 2,
                                        .direct = true,
                                        .gate_names = {"forget", "candidate"}};

  static void prepare(auto& io) {
    const auto f = io.gate(io.sum(F));
    io.save(F, f);
    io.set_operand(f * io.state(0));
  }
  static void forward(auto& io) {
    const auto f = io.saved(F), n = io.act(io.sum(N)), h = io.state(0);
    io.save(Kept, n);
    io.next(0, fma(f, n - h, h));
  }
  static void backward(auto& io) {
    const auto n = io.saved(Kept), f = io.saved(F), dh = io.d_next(0);
    io.d_sum(N, io.d_act(n, dh * f));
    io.d_state(0, dh);
  }
  static void backward_prepare(auto& io) {
    const auto f = io.saved(F), n = io.saved(Kept), h = io.state(0), dh = io.d_next(0), d = io.d_operand();
    io.d_sum(F, io.d_gate(f, fma(dh, n - h, d * h)));
    io.d_state(0, fma(f, d - dh, dh));
  }
};

using Family = Cells<Mgu>;
