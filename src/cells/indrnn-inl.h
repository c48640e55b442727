// Li, Li, Cook, Zhu and Gao, "Independently recurrent neural network (IndRNN)", 2018: each unit sees no state
// but its own, h' = act(x·W + u∘h + b).
struct IndRnn {
  static constexpr cells::CellInfo info{.name = "indrnn",
                                        .doc = "independently recurrent network",
                                        .gates = 1,
                                        .sums = 1,
                                        .states = 1,
                                        .direct = true,
                                        .recurrence = cells::Recurrence::diagonal,
                                        .gated = false,
                                        .vectors = 1,
                                        .vector_names = {"recurrent_diagonal"},
                                        .gate_names = {"state"}};

  static void forward(auto& io) {
    const auto h = io.act(fma(io.vector(0), io.state(0), io.sum(0)));
    io.save(0, h);
    io.next(0, h);
  }
  static void backward(auto& io) {
    const auto d = io.d_act(io.saved(0), io.d_next(0));
    io.d_sum(0, d);
    io.d_vector(0, d * io.state(0));
    io.d_state(0, d * io.vector(0));
  }
};

using Family = Cells<IndRnn>;
