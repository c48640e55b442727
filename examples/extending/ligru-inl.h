// Light gated recurrent unit, Ravanelli, Brakel, Omologo and Bengio 2018 (without its batch normalisation): a
// GRU whose reset gate is gone,
//     z  = σ(x·W_z + h·U_z + b_z)
//     n  = act(x·W_n + h·U_n + b_n)
//     h' = z·h + (1 - z)·n
struct LiGru {
  enum Sum { Z, N };
  static constexpr cells::CellInfo info{.name = "ligru",
                                        .doc = "light gated recurrent unit",
                                        .gates = 2,
                                        .sums = 2,
                                        .states = 1,
                                        .input_sum = {Z, N},
                                        .recurrent_sum = {Z, N},
                                        .direct = true,
                                        .gate_names = {"update", "candidate"}};

  static void forward(auto& io) {
    const auto z = io.gate(io.sum(Z)), n = io.act(io.sum(N)), h = io.state(0);
    io.save(Z, z);
    io.save(N, n);
    io.next(0, fma(z, h - n, n));
  }
  static void backward(auto& io) {
    const auto z = io.saved(Z), n = io.saved(N), h = io.state(0), dh = io.d_next(0);
    io.d_sum(Z, io.d_gate(z, dh * (h - n)));
    io.d_sum(N, io.d_act(n, dh - z * dh));
    io.d_state(0, z * dh);
  }
};

using Family = Cells<LiGru>;
