// Cho et al. 2014; gates in Keras's order z, r, h. With n the candidate: h' = z·h + (1 - z)·n.

/// Keras's reset_after (cuDNN, PyTorch): n = act(x·W + b + r·(h·U + rb)). The recurrent part of n has a sum
/// of its own.
struct Gru {
  enum Sum { N, Z, R, U };  // the input feeds N, Z, R and the state Z, R, U: neighbours both times
  static constexpr cells::CellInfo info{.name = "gru",
                                        .doc = "gated recurrent unit, reset gate after the product",
                                        .gates = 3,
                                        .sums = 4,
                                        .states = 1,
                                        .input_sum = {Z, R, N},
                                        .recurrent_sum = {Z, R, U},
                                        .direct = true,
                                        .recurrent_bias = true,
                                        .options = {"reset_after"},
                                        .chosen_by = {{{"reset_after", true}}},
                                        .gate_names = {"update", "reset", "candidate"}};

  static void forward(auto& io) {
    const auto z = io.gate(io.sum(Z)), r = io.gate(io.sum(R)), u = io.sum(U);
    const auto n = io.act(fma(r, u, io.sum(N)));
    io.save(Z, z);
    io.save(R, r);
    io.save(N, n);
    io.save(U, u);
    io.next(0, fma(z, io.state(0) - n, n));
  }
  static void backward(auto& io) {
    const auto z = io.saved(Z), r = io.saved(R), n = io.saved(N), u = io.saved(U), dh = io.d_next(0);
    const auto sn = io.d_act(n, dh - dh * z);
    io.d_sum(Z, io.d_gate(z, dh * (io.state(0) - n)));
    io.d_sum(R, io.d_gate(r, sn * u));
    io.d_sum(N, sn);
    io.d_sum(U, sn * r);
    io.d_state(0, dh * z);
  }
};

/// reset_after = false, the paper's form: n = act(x·W + b + (r·h)·U). Needs r before the product: two stages.
struct GruResetBefore {
  enum Sum { Z, R, N };
  static constexpr cells::CellInfo info{.name = "gru_reset_before",
                                        .doc = "gated recurrent unit, reset gate before the product",
                                        .gates = 3,
                                        .sums = 3,
                                        .states = 1,
                                        .input_sum = {Z, R, N},
                                        .recurrent_sum = {Z, R, N},
                                        .recurrent_stage = {0, 0, 1},
                                        .stages = 2,
                                        .direct = true,
                                        .variant_of = "gru",
                                        .options = {"reset_after"},
                                        .chosen_by = {{{"reset_after", false}}},
                                        .gate_names = {"update", "reset", "candidate"}};

  static void prepare(auto& io) {
    const auto r = io.gate(io.sum(R));
    io.save(R, r);
    io.set_operand(r * io.state(0));
  }
  static void forward(auto& io) {
    const auto z = io.gate(io.sum(Z)), n = io.act(io.sum(N));
    io.save(Z, z);
    io.save(N, n);
    io.next(0, fma(z, io.state(0) - n, n));
  }
  static void backward(auto& io) {
    const auto z = io.saved(Z), n = io.saved(N), dh = io.d_next(0);
    io.d_sum(N, io.d_act(n, dh - dh * z));
    io.d_sum(Z, io.d_gate(z, dh * (io.state(0) - n)));
    io.d_state(0, dh * z);
  }
  /// Runs after the gradient of the operand is known; d_next(0) is then what backward put into d_state(0).
  static void backward_prepare(auto& io) {
    const auto r = io.saved(R), d = io.d_operand();
    io.d_sum(R, io.d_gate(r, d * io.state(0)));
    io.d_state(0, fma(d, r, io.d_next(0)));
  }
};

using Family = Cells<Gru, GruResetBefore>;
