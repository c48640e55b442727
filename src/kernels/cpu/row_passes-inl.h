// The text of row_passes.h on a lane type. Expects in scope: `Lane`, `Number`, `kLanes`, and runs of lanes
// `Whole` and `Some` with get(pointer), put(value, pointer), kept(value): zero beyond the run, and
// pick(pointer to bits, index, yes, no): by the bits from `index` on, and
// sum_of_halves(lane): the lanes' tree, upper half onto lower half until one is left. No include guard:
// included once per lane type.

/// Calls pass(index, run) for every run of lanes among n elements.
template <class Pass>
HWY_INLINE void for_lanes(std::int64_t n, Pass pass) {
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) pass(i, Whole());
  if (i < n) pass(i, Some{n - i});
}

HWY_INLINE void multiply_elements_of(const Number* a, const Number* b, std::int64_t n, Number* to) {
  for_lanes(n, [&](std::int64_t i, auto run) HWY_ATTR { run.put(run.get(a + i) * run.get(b + i), to + i); });
}

HWY_INLINE void sum_products_of(std::span<const Number* const> a, std::span<const Number* const> b,
                                std::int64_t n, bool accumulate, Number* to) {
  for_lanes(n, [&](std::int64_t i, auto run) HWY_ATTR {
    Lane sum = accumulate ? run.get(to + i) : Lane(0.0);
    for (std::size_t g = 0; g < a.size(); ++g) sum = fma(run.get(a[g] + i), run.get(b[g] + i), sum);
    run.put(sum, to + i);
  });
}

HWY_INLINE void zone_rows_of(std::int64_t rows, std::int64_t width, const Zone<Number>& zone,
                             const Number* old, std::int64_t old_stride, Number* to, std::int64_t stride) {
  const Lane rate(zone.rate);
  const std::uint8_t* bits = zone.bits;
  for (std::int64_t r = 0; r < rows; ++r, old += old_stride, to += stride) {
    if (bits == nullptr) {
      for_lanes(width, [&](std::int64_t i, auto run) HWY_ATTR {
        const Lane v = run.get(to + i);
        run.put(fma(rate, run.get(old + i) - v, v), to + i);
      });
      continue;
    }
    for_lanes(width, [&](std::int64_t i, auto run)
                         HWY_ATTR { run.put(run.pick(bits, i, run.get(old + i), run.get(to + i)), to + i); });
    bits += zone.stride;
  }
}

HWY_INLINE void zone_rows_backward_of(std::int64_t rows, std::int64_t width, const Zone<Number>& zone,
                                      Number* d, std::int64_t stride, const Number* d_output,
                                      std::int64_t d_output_stride, Number* d_old,
                                      std::int64_t d_old_stride) {
  const Lane rate(zone.rate), zero(0.0);
  const std::uint8_t* bits = zone.bits;
  for (std::int64_t r = 0; r < rows; ++r, d += stride, d_old += d_old_stride) {
    const auto split = [&](auto choose) HWY_ATTR {
      for_lanes(width, [&](std::int64_t i, auto run) HWY_ATTR {
        Lane v = run.get(d + i);
        if (d_output != nullptr) v = v + run.get(d_output + i);
        choose(i, run, v);
      });
    };
    if (bits == nullptr) {
      split([&](std::int64_t i, auto run, Lane v) HWY_ATTR {
        const Lane share = rate * v;
        run.put(share, d_old + i);
        run.put(v - share, d + i);
      });
    } else {
      split([&](std::int64_t i, auto run, Lane v) HWY_ATTR {
        run.put(run.pick(bits, i, v, zero), d_old + i);
        run.put(run.pick(bits, i, zero, v), d + i);
      });
      bits += zone.stride;
    }
    if (d_output != nullptr) d_output += d_output_stride;
  }
}

/// The 16 partial sums of a row.
struct PartialSums {
  static constexpr std::int64_t kPartials = 16, kParts = kPartials / kLanes;
  Lane part[kParts];

  HWY_INLINE PartialSums() {
    for (Lane& p : part) p = Lane(0.0);
  }
  HWY_INLINE Number total() const {
    Lane sums[kParts];
    for (std::int64_t p = 0; p < kParts; ++p) sums[p] = part[p];
    for (std::int64_t half = kParts / 2; half > 0; half /= 2) {
      for (std::int64_t p = 0; p < half; ++p) sums[p] = sums[p] + sums[p + half];
    }
    return sum_of_halves(sums[0]);
  }
};

/// Calls pass(index, run, partial) for every run of lanes; `partial` says which partial sums the run belongs
/// to.
template <class Pass>
HWY_INLINE void for_partials(std::int64_t n, Pass pass) {
  constexpr std::int64_t kParts = PartialSums::kParts;
  std::int64_t i = 0;
  for (; i + PartialSums::kPartials <= n; i += PartialSums::kPartials) {
    for (std::int64_t p = 0; p < kParts; ++p) pass(i + p * kLanes, Whole(), p);
  }
  for (std::int64_t p = 0; i < n; ++p, i += kLanes) {
    if (i + kLanes <= n) {
      pass(i, Whole(), p);
    } else {
      pass(i, Some{n - i}, p);
    }
  }
}

/// Rows whose passes are interleaved: each waits for its sums, but not for those of the others.
constexpr std::int64_t kRowsAtOnce = 8;

HWY_INLINE void normalize_rows_of(std::int64_t rows, std::int64_t width, const Number* x,
                                  std::int64_t x_stride, Number epsilon, Number* normal,
                                  std::int64_t normal_stride, Number* inverse, const Number* gain,
                                  const Number* bias, Number* to, std::int64_t to_stride) {
  const Number share = Number(1) / static_cast<Number>(width);
  Number means[kRowsAtOnce];
  for (std::int64_t first = 0; first < rows; first += kRowsAtOnce) {
    const std::int64_t count = rows - first < kRowsAtOnce ? rows - first : kRowsAtOnce;
    for (std::int64_t r = 0; r < count; ++r) {
      const Number* row = x + (first + r) * x_stride;
      PartialSums sum;
      for_partials(width, [&](std::int64_t i, auto run, std::int64_t p)
                              HWY_ATTR { sum.part[p] = sum.part[p] + run.get(row + i); });
      means[r] = sum.total() * share;
    }
    for (std::int64_t r = 0; r < count; ++r) {
      const Number* row = x + (first + r) * x_stride;
      const Lane mean(means[r]);
      PartialSums squares;
      for_partials(width, [&](std::int64_t i, auto run, std::int64_t p) HWY_ATTR {
        const Lane centred = run.kept(run.get(row + i) - mean);
        squares.part[p] = fma(centred, centred, squares.part[p]);
      });
      inverse[first + r] = Number(1) / std::sqrt(squares.total() * share + epsilon);
    }
    for (std::int64_t r = 0; r < count; ++r) {
      const Number* row = x + (first + r) * x_stride;
      Number *normal_row = normal + (first + r) * normal_stride, *to_row = to + (first + r) * to_stride;
      const Number* start = bias == nullptr ? to_row : bias;
      const Lane mean(means[r]), scale(inverse[first + r]);
      for_lanes(width, [&](std::int64_t i, auto run) HWY_ATTR {
        const Lane v = (run.get(row + i) - mean) * scale;
        run.put(v, normal_row + i);
        run.put(fma(run.get(gain + i), v, run.get(start + i)), to_row + i);
      });
    }
  }
}

HWY_INLINE void normalize_rows_backward_of(std::int64_t rows, std::int64_t width, const Number* d,
                                           std::int64_t d_stride, const Number* normal,
                                           std::int64_t normal_stride, const Number* inverse,
                                           const Number* gain, Number* d_gain, Number* d_bias,
                                           std::int64_t accumulator_stride, bool accumulate, Number* d_x,
                                           std::int64_t d_x_stride) {
  const Number share = Number(1) / static_cast<Number>(width);
  Number means[kRowsAtOnce], slopes[kRowsAtOnce];
  for (std::int64_t first = 0; first < rows; first += kRowsAtOnce) {
    const std::int64_t count = rows - first < kRowsAtOnce ? rows - first : kRowsAtOnce;
    for (std::int64_t r = 0; r < count; ++r) {
      const Number *d_row = d + (first + r) * d_stride, *normal_row = normal + (first + r) * normal_stride;
      Number* gain_row = d_gain + (first + r) * accumulator_stride;
      Number* bias_row = d_bias == nullptr ? nullptr : d_bias + (first + r) * accumulator_stride;
      PartialSums sum, dot;
      for_partials(width, [&](std::int64_t i, auto run, std::int64_t p) HWY_ATTR {
        const Lane up = run.get(d_row + i), v = run.get(normal_row + i), scaled = up * run.get(gain + i);
        sum.part[p] = sum.part[p] + scaled;
        dot.part[p] = fma(scaled, v, dot.part[p]);
        run.put(fma(up, v, run.get(gain_row + i)), gain_row + i);
        if (bias_row != nullptr) run.put(run.get(bias_row + i) + up, bias_row + i);
      });
      means[r] = sum.total() * share;
      slopes[r] = dot.total() * share;
    }
    for (std::int64_t r = 0; r < count; ++r) {
      const Number *d_row = d + (first + r) * d_stride, *normal_row = normal + (first + r) * normal_stride;
      Number* out = d_x + (first + r) * d_x_stride;
      const Lane mean(means[r]), slope(slopes[r]), scale(inverse[first + r]);
      for_lanes(width, [&](std::int64_t i, auto run) HWY_ATTR {
        const Lane v = run.get(normal_row + i), scaled = run.get(d_row + i) * run.get(gain + i);
        const Lane g = (scaled - fma(v, slope, mean)) * scale;
        run.put(accumulate ? run.get(out + i) + g : g, out + i);
      });
    }
  }
}
