// Elman, "Finding structure in time", 1990: h = act(x·W + h·U + b).
struct SimpleRnn {
  static constexpr cells::CellInfo info{.name = "simple_rnn",
                                        .doc = "Elman's recurrent network",
                                        .gates = 1,
                                        .sums = 1,
                                        .states = 1,
                                        .gated = false,
                                        .gate_names = {"state"}};

  static void forward(auto& io) {
    const auto h = io.act(io.sum(0));
    io.save(0, h);
    io.next(0, h);
  }
  static void backward(auto& io) { io.d_sum(0, io.d_act(io.saved(0), io.d_next(0))); }
};

using Family = Cells<SimpleRnn>;
