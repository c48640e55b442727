// The update gate of a GRU (Cho et al. 2014) with the recurrence of an IndRNN (Li et al. 2018), each unit
// seeing no state but its own: z = σ(x·W_z + u_z∘h + b_z), n = act(x·W_n + u_n∘h + b_n), h' = z·h + (1 -
// z)·n.
struct DiagonalGru {
  enum Sum { Z, N };
  static constexpr cells::CellInfo info{.name = "diagonal_gru",
                                        .doc = "update gate of a gated recurrent unit, diagonal recurrence",
                                        .gates = 2,
                                        .sums = 2,
                                        .states = 1,
                                        .input_sum = {Z, N},
                                        .direct = true,
                                        .recurrence = cells::Recurrence::diagonal,
                                        .forget_gate = Z,
                                        .vectors = 2,
                                        .vector_names = {"update_diagonal", "candidate_diagonal"},
                                        .options = {"unit_forget_bias"},
                                        .gate_names = {"update", "candidate"}};

  static void forward(auto& io) {
    const auto h = io.state(0);
    const auto z = io.gate(fma(io.vector(Z), h, io.sum(Z)));
    const auto n = io.act(fma(io.vector(N), h, io.sum(N)));
    io.save(Z, z);
    io.save(N, n);
    io.next(0, n + z * (h - n));
  }
  static void backward(auto& io) {
    const auto z = io.saved(Z), n = io.saved(N), h = io.state(0), dh = io.d_next(0);
    const auto dz = io.d_gate(z, dh * (h - n)), dn = io.d_act(n, dh - dh * z);
    io.d_sum(Z, dz);
    io.d_sum(N, dn);
    io.d_vector(Z, dz * h);
    io.d_vector(N, dn * h);
    io.d_state(0, fma(dz, io.vector(Z), fma(dn, io.vector(N), dh * z)));
  }
};

using Family = Cells<DiagonalGru>;
