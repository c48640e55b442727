// Passes over rows and lanes: kernels/row_passes.h, activations.h, moments.h, lane_norm.h and random_bits.h
// against their definition in double.

#include <algorithm>
#include <array>

#include "kernel_suite.h"
#include "kernels/activations.h"
#include "kernels/lane_norm.h"
#include "kernels/lanes.h"
#include "kernels/moments.h"
#include "kernels/random_bits.h"
#include "kernels/row_passes.h"

namespace rondo::kernels {
namespace {

// ---- rows

void check_multiply_elements(Draw& draw) {
  const std::int64_t n = draw.between(0, 70);
  Rows a = draw.vector(n), b = draw.vector(n), to = draw.vector(n);
  multiply_elements(a.narrow.data(), b.narrow.data(), n, to.narrow.data());
  multiply_elements(a.wide.data(), b.wide.data(), n, to.wide.data());
  EXPECT_TRUE(equal(to, "to"));
}

void check_sum_products(Draw& draw) {
  const std::int64_t n = draw.between(0, 70);
  const bool accumulate = draw.coin();
  Rows a = draw.rows(draw.between(1, 5), n), b = draw.rows(a.rows, n), to = draw.vector(n);
  std::vector<const float*> narrow_a, narrow_b;
  std::vector<const double*> wide_a, wide_b;
  for (std::int64_t g = 0; g < a.rows; ++g) {
    narrow_a.push_back(a.f().row(g)), narrow_b.push_back(b.f().row(g));
    wide_a.push_back(a.d().row(g)), wide_b.push_back(b.d().row(g));
  }
  sum_products<float>(narrow_a, narrow_b, n, accumulate, to.narrow.data());
  sum_products<double>(wide_a, wide_b, n, accumulate, to.wide.data());
  EXPECT_TRUE(equal(to, "to"));
}

/// Bits that choose, or a rate.
struct ZoneCase {
  std::int64_t rows, width, stride;
  std::vector<std::uint8_t> bits;
  bool chooses;
  explicit ZoneCase(Draw& draw)
      : rows(draw.between(1, 9)), width(draw.between(1, 70)), stride(width / 8 + 2), chooses(draw.coin()) {
    for (std::int64_t i = 0; i <= rows * stride; ++i)
      bits.push_back(static_cast<std::uint8_t>(draw.between(0, 255)));
  }
  template <class T>
  Zone<T> zone() const {
    return chooses ? Zone<T>{bits.data(), stride, 0} : Zone<T>{nullptr, 0, T(0.375)};
  }
};

void check_zone_rows(Draw& draw) {
  const ZoneCase given(draw);
  Rows old = draw.rows(given.rows, given.width, 1), to = draw.rows(given.rows, given.width, 2);
  zone_rows<float>(given.zone<float>(), old.f(), to.f());
  zone_rows<double>(given.zone<double>(), old.d(), to.d());
  EXPECT_TRUE(equal(to, "to"));
}

void check_zone_rows_backward(Draw& draw) {
  const ZoneCase given(draw);
  Rows d = draw.rows(given.rows, given.width, 1), added = draw.rows(given.rows, given.width, 2),
       old = draw.rows(given.rows, given.width, 3);
  const bool adds = draw.coin();
  zone_rows_backward<float>(given.zone<float>(), d.f(), adds ? added.f() : View<float>(), old.f());
  zone_rows_backward<double>(given.zone<double>(), d.d(), adds ? added.d() : View<double>(), old.d());
  EXPECT_TRUE(equal(d, "d"));
  EXPECT_TRUE(equal(old, "d_old"));
}

void check_normalize_rows(Draw& draw) {
  const std::int64_t rows = draw.between(1, 20), width = draw.between(1, 70);
  const bool biased = draw.coin();
  Rows x = draw.rows(rows, width, 1), normal = draw.rows(rows, width, 2), inverse = draw.vector(rows),
       gain = draw.vector(width), bias = draw.vector(width), to = draw.rows(rows, width, 3);
  normalize_rows<float>(x.f(), 0.125F, normal.f(), inverse.narrow.data(),
                        {gain.narrow.data(), biased ? bias.narrow.data() : nullptr}, to.f());
  normalize_rows<double>(x.d(), 0.125, normal.d(), inverse.wide.data(),
                         {gain.wide.data(), biased ? bias.wide.data() : nullptr}, to.d());
  EXPECT_TRUE(equal(normal, "normal"));
  EXPECT_TRUE(equal(inverse, "inverse"));
  EXPECT_TRUE(equal(to, "to"));
}

void check_normalize_rows_backward(Draw& draw) {
  const std::int64_t rows = draw.between(1, 20), width = draw.between(1, 70);
  const bool biased = draw.coin(), accumulate = draw.coin();
  Rows d = draw.rows(rows, width, 1), normal = draw.rows(rows, width, 2), inverse = draw.vector(rows),
       gain = draw.vector(width), d_gain = draw.rows(rows, width), d_bias = draw.rows(rows, width),
       d_x = draw.rows(rows, width, 3);
  normalize_rows_backward<float>(d.f(), normal.f(), inverse.narrow.data(), gain.narrow.data(),
                                 {d_gain.narrow.data(), biased ? d_bias.narrow.data() : nullptr, width},
                                 accumulate, d_x.f());
  normalize_rows_backward<double>(d.d(), normal.d(), inverse.wide.data(), gain.wide.data(),
                                  {d_gain.wide.data(), biased ? d_bias.wide.data() : nullptr, width},
                                  accumulate, d_x.d());
  EXPECT_TRUE(equal(d_gain, "d_gain"));
  EXPECT_TRUE(equal(d_bias, "d_bias"));
  EXPECT_TRUE(equal(d_x, "d_x"));
}

const bool row_tests[] = {
    test_kernel("multiply_elements", {"MultiplyElements"}, check_multiply_elements),
    test_kernel("sum_products", {"SumProducts"}, check_sum_products),
    test_kernel("zone_rows", {"ZoneRows"}, check_zone_rows),
    test_kernel("zone_rows_backward", {"ZoneRowsBackward"}, check_zone_rows_backward),
    test_kernel("normalize_rows", {"NormalizeRows"}, check_normalize_rows),
    test_kernel("normalize_rows_backward", {"NormalizeRowsBackward"}, check_normalize_rows_backward),
};

// ---- activations

void check_activation(Draw& draw, ActivationKind kind) {
  Rows x = draw.rows(draw.between(1, 9), draw.between(1, 70), draw.between(0, 1) * 3),
       y = draw.rows(x.rows, x.cols, 1);
  activate_rows<float>(kind, x.f(), y.f());
  activate_rows<double>(kind, x.d(), y.d());
  EXPECT_TRUE(equal(y, "y"));
}

void check_activation_backward(Draw& draw, ActivationKind kind) {
  Rows x = draw.rows(draw.between(1, 9), draw.between(1, 70)), y = x, dy = draw.rows(x.rows, x.cols, 1),
       dx = draw.rows(x.rows, x.cols, draw.between(0, 1) * 2);
  activate_rows<float>(kind, x.f(), y.f());
  activate_rows<double>(kind, x.d(), y.d());
  activate_rows_backward<float>(kind, x.f(), y.f(), dy.f(), dx.f());
  activate_rows_backward<double>(kind, x.d(), y.d(), dy.d(), dx.d());
  EXPECT_TRUE(equal(dx, "dx"));
}

const bool activation_tests = [] {
  for (const std::string& name : activation_names()) {
    const ActivationKind kind = parse_activation(name, "test");
    test_kernel("activate_rows_" + name, {"Activate"}, [kind](Draw& draw) { check_activation(draw, kind); });
    test_kernel("activate_rows_backward_" + name, {"ActivateBackward"},
                [kind](Draw& draw) { check_activation_backward(draw, kind); });
  }
  return true;
}();

// ---- optimisers

template <class T>
void check_moments(Draw& draw) {
  const std::int64_t n = draw.between(0, 70);
  const bool amsgrad = draw.coin();
  Rows w = draw.vector(n), g = draw.vector(n), m = draw.vector(n), v = draw.vector(n),
       largest = draw.vector(n);
  for (Rows* squares : {&v, &largest}) {
    for (std::size_t i = 0; i < squares->wide.size(); ++i)
      squares->narrow[i] = static_cast<float>(squares->wide[i] = std::abs(squares->wide[i]) + 0.25);
  }
  std::vector<double> want_w = w.wide, want_m = m.wide, want_v = v.wide, want_largest = largest.wide;
  const auto step = [](auto t) {
    using U = decltype(t);
    return MomentStep<U>{
        {U(0.5), U(0.25), U(0.125), U(0.0625)}, U(0.25), U(0.125), U(0.5), U(0.25), U(2), U(0.5)};
  };
  const MomentStep<double> s = step(0.0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    const double clipped = std::clamp(g.wide[i] * s.prelude.scale, -s.prelude.limit, s.prelude.limit),
                 gradient = clipped + s.prelude.l2 * want_w[i];
    want_m[i] += (gradient - want_m[i]) * s.rest_1;
    want_v[i] += (gradient * gradient - want_v[i]) * s.rest_2;
    if (amsgrad) want_largest[i] = std::max(want_largest[i], want_v[i]);
    want_w[i] -= want_w[i] * s.prelude.shrink;
    want_w[i] -= (s.a * want_m[i] + s.b * gradient) /
                 (std::sqrt(amsgrad ? want_largest[i] : want_v[i]) * s.s + s.epsilon);
  }
  if constexpr (sizeof(T) == 4) {
    update_moments<float>(step(0.0F), w.narrow.data(), g.narrow.data(), m.narrow.data(), v.narrow.data(),
                          amsgrad ? largest.narrow.data() : nullptr, n);
  } else {
    update_moments<double>(s, w.wide.data(), g.wide.data(), m.wide.data(), v.wide.data(),
                           amsgrad ? largest.wide.data() : nullptr, n);
    for (Rows* rows : {&w, &m, &v, &largest}) rows->narrow.assign(rows->wide.begin(), rows->wide.end());
  }
  w.wide = want_w, m.wide = want_m, v.wide = want_v, largest.wide = want_largest;
  EXPECT_TRUE(equal(w, "weights"));
  EXPECT_TRUE(equal(m, "mean"));
  EXPECT_TRUE(equal(v, "square"));
  EXPECT_TRUE(equal(largest, "largest"));
}

const bool moment_tests[] = {
    test_kernel("update_moments_float", {"UpdateFloats"}, check_moments<float>),
    test_kernel("update_moments_double", {"UpdateDoubles"}, check_moments<double>),
};

// ---- lanes

/// Values that a kernel normalises: in memory, or made of a few inputs.
struct LaneValueCase {
  Rows values, weights, inputs;
  bool made;
  LaneValueCase(Draw& draw, std::int64_t rows, std::int64_t lanes, std::int64_t gap, bool may_be_made)
      : values(draw.rows(rows, lanes, gap)),
        weights(draw.rows(rows, draw.between(1, kFewInputs))),
        inputs(draw.rows(weights.cols, lanes, gap)),
        made(may_be_made && draw.coin()) {
    if (!made) return;
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t lane = 0; lane < lanes; ++lane) {
        double& value = values.d()(r, lane) = 0;
        for (std::int64_t i = 0; i < weights.cols; ++i) value += weights.d()(r, i) * inputs.d()(i, lane);
      }
    }
  }
  LaneValues source() {
    return made ? LaneValues{inputs.narrow.data(), weights.narrow.data(), weights.cols}
                : LaneValues{values.narrow.data()};
  }
};

/// One normalisation over lanes with all that it writes. The reference is kernels/row_passes.h, which
/// normalises the lanes as rows.
struct LaneNormCase {
  std::int64_t rows, lanes, gap;
  LaneValueCase x;
  Rows gain, normal, mean, inverse, d_gain, d_x;
  double epsilon = 0.125;

  LaneNormCase(Draw& draw, std::int64_t r, std::int64_t l, std::int64_t g, bool may_be_made)
      : rows(r),
        lanes(l),
        gap(g),
        x(draw, r, l, g, may_be_made),
        gain(draw.vector(r)),
        normal(draw.rows(r, l, g)),
        mean(draw.vector(l)),
        inverse(draw.vector(l)),
        d_gain(draw.rows(r, l)),
        d_x(draw.rows(r, l)) {}
  LaneShape shape() const { return {rows, lanes, lanes + gap}; }
  LaneProductNorm product() {
    return {x.source(),         normal.narrow.data(), mean.narrow.data(), inverse.narrow.data(),
            gain.narrow.data(), d_gain.narrow.data(), d_x.narrow.data()};
  }
  void normalize() {
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      double sum = 0, squares = 0;
      for (std::int64_t r = 0; r < rows; ++r) sum += x.values.d()(r, lane);
      const double average = sum / static_cast<double>(rows);
      for (std::int64_t r = 0; r < rows; ++r)
        squares += (x.values.d()(r, lane) - average) * (x.values.d()(r, lane) - average);
      mean.d()(0, lane) = average;
      inverse.d()(0, lane) = 1 / std::sqrt(squares / static_cast<double>(rows) + epsilon);
      for (std::int64_t r = 0; r < rows; ++r)
        normal.d()(r, lane) = (x.values.d()(r, lane) - average) * inverse.d()(0, lane);
    }
  }
  /// What backward is given: the normalised values, mean and inverse as floats have them.
  LaneProductNorm ready_for_backward() {
    normalize();
    for (Rows* kept : {&normal, &mean, &inverse}) {
      for (std::size_t i = 0; i < kept->wide.size(); ++i) kept->narrow[i] = static_cast<float>(kept->wide[i]);
    }
    LaneProductNorm out = product();
    if (!x.made) out.values = {normal.narrow.data()};
    return out;
  }
  void backward(View<double> d, bool accumulate) {
    const auto n = static_cast<double>(rows);
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      double sum = 0, dot = 0;
      for (std::int64_t r = 0; r < rows; ++r) {
        const double up = d(r, lane) * gain.d()(0, r);
        sum += up;
        dot += up * normal.d()(r, lane);
        d_gain.d()(r, lane) += d(r, lane) * normal.d()(r, lane);
      }
      for (std::int64_t r = 0; r < rows; ++r) {
        const double g =
            (d(r, lane) * gain.d()(0, r) - sum / n - normal.d()(r, lane) * dot / n) * inverse.d()(0, lane);
        d_x.d()(r, lane) = accumulate ? d_x.d()(r, lane) + g : g;
      }
    }
  }
  void add_to(View<double> sums) {
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t lane = 0; lane < lanes; ++lane) sums(r, lane) += gain.d()(0, r) * normal.d()(r, lane);
    }
  }
};

void start_rows(View<double> to, const Rows& bias) {
  for (std::int64_t r = 0; r < to.rows; ++r) {
    for (std::int64_t lane = 0; lane < to.cols; ++lane) to(r, lane) = bias.wide[static_cast<std::size_t>(r)];
  }
}

struct LaneSizes {
  std::int64_t rows, lanes, gap;
  explicit LaneSizes(Draw& draw)
      : rows(draw.between(1, 70)),
        lanes(kLaneGroup * draw.between(1, 3)),
        gap(kLaneGroup * draw.between(0, 1)) {}
};

void check_normalize_lanes(Draw& draw) {
  const auto [rows, lanes, gap] = LaneSizes(draw);
  LaneNormCase given(draw, rows, lanes, gap, true);
  const bool biased = draw.coin();
  Rows bias = draw.vector(rows), to = draw.rows(rows, lanes, gap);
  normalize_lanes(given.shape(), 0.125F, given.product(), biased ? bias.narrow.data() : nullptr,
                  to.narrow.data());
  given.normalize();
  if (biased) start_rows(to.d(), bias);
  given.add_to(to.d());
  EXPECT_TRUE(equal(given.mean, "mean"));
  EXPECT_TRUE(equal(given.inverse, "inverse"));
  EXPECT_TRUE(equal(given.normal, "normal"));
  EXPECT_TRUE(equal(to, "to"));
}

void check_normalize_lanes_backward(Draw& draw) {
  const auto [rows, lanes, gap] = LaneSizes(draw);
  LaneNormCase given(draw, rows, lanes, gap, true);
  const bool biased = draw.coin(), accumulate = !given.x.made && draw.coin();
  Rows d = draw.rows(rows, lanes, gap), d_bias = draw.rows(rows, lanes);
  normalize_lanes_backward(given.shape(), d.narrow.data(), given.ready_for_backward(),
                           biased ? d_bias.narrow.data() : nullptr, accumulate);
  given.backward(d.d(), accumulate);
  for (std::int64_t r = 0; biased && r < rows; ++r) {
    for (std::int64_t lane = 0; lane < lanes; ++lane) d_bias.d()(r, lane) += d.d()(r, lane);
  }
  EXPECT_TRUE(equal(given.d_gain, "d_gain"));
  EXPECT_TRUE(equal(d_bias, "d_bias"));
  EXPECT_TRUE(equal(given.d_x, "d_x"));
}

void check_normalize_lane_pair(Draw& draw) {
  const auto [rows, lanes, gap] = LaneSizes(draw);
  LaneNormCase input(draw, rows, lanes, gap, true), recurrent(draw, rows, lanes, gap, false);
  Rows bias = draw.vector(rows), to = draw.rows(rows, lanes, gap);
  recurrent.mean = Rows();
  normalize_lane_pair(input.shape(), 0.125F, input.product(), recurrent.product(), bias.narrow.data(),
                      to.narrow.data());
  recurrent.mean = draw.vector(lanes);
  start_rows(to.d(), bias);
  for (LaneNormCase* given : {&input, &recurrent}) {
    given->normalize();
    given->add_to(to.d());
    EXPECT_TRUE(equal(given->inverse, "inverse"));
    EXPECT_TRUE(equal(given->normal, "normal"));
  }
  EXPECT_TRUE(equal(input.mean, "mean"));
  EXPECT_TRUE(equal(to, "to"));
}

void check_normalize_lane_pair_backward(Draw& draw) {
  const auto [rows, lanes, gap] = LaneSizes(draw);
  LaneNormCase input(draw, rows, lanes, gap, true), recurrent(draw, rows, lanes, gap, false);
  Rows d = draw.rows(rows, lanes, gap), d_bias = draw.rows(rows, lanes);
  normalize_lane_pair_backward(input.shape(), d.narrow.data(), input.ready_for_backward(),
                               recurrent.ready_for_backward(), d_bias.narrow.data());
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t lane = 0; lane < lanes; ++lane) d_bias.d()(r, lane) += d.d()(r, lane);
  }
  for (LaneNormCase* given : {&input, &recurrent}) {
    given->backward(d.d(), false);
    EXPECT_TRUE(equal(given->d_gain, "d_gain"));
    EXPECT_TRUE(equal(given->d_x, "d_x"));
  }
  EXPECT_TRUE(equal(d_bias, "d_bias"));
}

void check_scale_lanes(Draw& draw) {
  const auto [rows, lanes, gap] = LaneSizes(draw);
  LaneNormCase given(draw, rows, lanes, gap, false);
  Rows bias = draw.vector(rows), to = draw.rows(rows, lanes, gap);
  scale_lanes(given.shape(), given.normal.narrow.data(), given.gain.narrow.data(), bias.narrow.data(),
              to.narrow.data());
  start_rows(to.d(), bias);
  given.add_to(to.d());
  EXPECT_TRUE(equal(to, "to"));
}

void check_normalize_lanes_again(Draw& draw) {
  const auto [rows, lanes, gap] = LaneSizes(draw);
  LaneNormCase given(draw, rows, lanes, gap, false);
  given.ready_for_backward();
  normalize_lanes_again(given.shape(), given.x.values.narrow.data(), given.mean.narrow.data(),
                        given.inverse.narrow.data());
  for (std::int64_t r = 0; r < rows; ++r)
    std::copy_n(given.normal.d().row(r), lanes, given.x.values.d().row(r));
  EXPECT_TRUE(equal(given.x.values, "x"));
}

const bool lane_norm_tests[] = {
    test_kernel("normalize_lanes", {"NormalizeLanes"}, check_normalize_lanes),
    test_kernel("normalize_lanes_backward", {"NormalizeLanesBackward"}, check_normalize_lanes_backward),
    test_kernel("normalize_lane_pair", {"NormalizeLanePair"}, check_normalize_lane_pair),
    test_kernel("normalize_lane_pair_backward", {"NormalizeLanePairBackward"},
                check_normalize_lane_pair_backward),
    test_kernel("scale_lanes", {"ScaleLanes"}, check_scale_lanes),
    test_kernel("normalize_lanes_again", {"NormalizeLanesAgain"}, check_normalize_lanes_again),
};

// ---- random bits

void check_draw_bits(Draw& draw) {
  const RandomStream stream(static_cast<std::uint64_t>(draw.between(0, 1000)), 7, 9);
  const std::int64_t blocks = draw.between(0, 17), stride = blocks + 1;
  const auto limit = static_cast<std::uint16_t>(draw.between(0, 65535));
  std::vector<std::uint64_t> firsts(static_cast<std::size_t>(draw.between(0, 20)));
  for (std::uint64_t& first : firsts) first = static_cast<std::uint64_t>(draw.between(0, 1LL << 40));
  std::vector<std::uint8_t> got(firsts.size() * static_cast<std::size_t>(stride) + 1, 42), want = got;
  draw_bits(stream, firsts, blocks, limit, got.data(), stride);
  for (std::size_t r = 0; r < firsts.size(); ++r) {
    for (std::int64_t b = 0; b < blocks; ++b) {
      const std::array<std::uint32_t, 4> words = stream.block(firsts[r] + static_cast<std::uint64_t>(b), 7);
      std::uint8_t& byte = want[r * static_cast<std::size_t>(stride) + static_cast<std::size_t>(b)] = 0;
      for (std::size_t i = 0; i < 8; ++i)
        byte = static_cast<std::uint8_t>(byte | ((words[i / 2] >> (i % 2 * 16) & 0xFFFF) < limit) << i);
    }
  }
  EXPECT_EQ(got, want);
}
const bool random_test = test_kernel("draw_bits", {"DrawBits"}, check_draw_bits);

}  // namespace
}  // namespace rondo::kernels
