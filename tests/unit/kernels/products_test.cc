// Products: kernels/matrix.h, kernels/lanes.h and kernels/stream.h against their definition in double.

#include <algorithm>
#include <array>
#include <numeric>

#include "kernel_suite.h"
#include "kernels/lanes.h"
#include "kernels/matrix.h"
#include "kernels/stream.h"

namespace rondo::kernels {
namespace {

Start any_start(Draw& draw) { return static_cast<Start>(draw.between(0, 2)); }

template <class T>
std::vector<T> packed_memory(std::int64_t k, std::int64_t n) {
  return std::vector<T>(static_cast<std::size_t>(Packed<T>::size(k, n)));
}

void check_multiply(Draw& draw, std::int64_t m, bool one_row) {
  const std::int64_t k = draw.between(0, 40), n = draw.between(1, 150);
  const bool transposed = draw.coin(), backwards = draw.coin();
  Rows a = draw.rows(m, k, 2), b = transposed ? draw.rows(n, k, 3) : draw.rows(k, n, 3),
       bias = draw.vector(n), c = draw.rows(m, n, 4);
  std::vector<float> narrow = packed_memory<float>(k, n);
  std::vector<double> wide = packed_memory<double>(k, n);
  const Start start = any_start(draw);
  multiply<float>(a.f(), Packed<float>(b.f(), transposed, narrow.data(), one_row), start, bias.narrow.data(),
                  c.f(), backwards);
  multiply<double>(a.d(), Packed<double>(b.d(), transposed, wide.data()), start, bias.wide.data(), c.d());
  EXPECT_TRUE(equal(c, "c"));
}

const bool matrix_tests[] = {
    test_kernel("multiply", {"PackedSize", "Pack", "Multiply"},
                [](Draw& draw) { check_multiply(draw, draw.between(1, 40), false); }),
    test_kernel("multiply_one_row", {"PackForOneRow", "MultiplyOneRow"},
                [](Draw& draw) { check_multiply(draw, 1, true); }),
    test_kernel("add_transposed_product", {"AddTransposedProduct"},
                [](Draw& draw) {
                  const std::int64_t m = draw.between(1, 150), k = draw.between(1, 30),
                                     n = draw.between(1, 100);
                  Rows a = draw.rows(m, k, 1), g = draw.rows(m, n, 2), c = draw.rows(k, n, 3);
                  add_transposed_product<float>(a.f(), g.f(), c.f());
                  add_transposed_product<double>(a.d(), g.d(), c.d());
                  EXPECT_TRUE(equal(c, "c"));
                }),
    test_kernel("add_column_sums", {"AddColumnSums"},
                [](Draw& draw) {
                  Rows g = draw.rows(draw.between(1, 60), draw.between(1, 150), 2),
                       sums = draw.vector(g.cols);
                  add_column_sums<float>(g.f(), sums.narrow.data());
                  add_column_sums<double>(g.d(), sums.wide.data());
                  EXPECT_TRUE(equal(sums, "sums"));
                }),
};

std::int64_t any_lanes(Draw& draw) { return kLaneGroup * draw.between(1, 3); }

/// Weights whose rows and columns are packed in two parts each way.
void pack_in_parts(PackedRows& packed, View<const float> weights, bool transposed, std::int64_t row,
                   std::int64_t k) {
  for (const auto& [r, rows] : {std::pair{std::int64_t{0}, row}, {row, packed.rows() - row}}) {
    for (const auto& [i, count] : {std::pair{std::int64_t{0}, k}, {k, packed.k() - k}}) {
      if (transposed) {
        packed.put_transposed(weights.rows_from(i, count).columns(r, rows), r, i);
      } else {
        packed.put(weights.rows_from(r, rows).columns(i, count), r, i);
      }
    }
  }
}

void check_multiply_lanes(Draw& draw, bool transposed) {
  const std::int64_t rows = draw.between(1, 70), k = draw.between(1, 40), lanes = any_lanes(draw),
                     used = draw.between(0, k);
  Rows weights = transposed ? draw.rows(k, rows, 2) : draw.rows(rows, k, 2), b = draw.rows(used, lanes, 5),
       bias = draw.vector(rows), c = draw.rows(rows, lanes, 7);
  std::vector<float> memory(static_cast<std::size_t>(PackedRows::size(rows, k)));
  PackedRows packed(rows, k, memory.data());
  pack_in_parts(packed, weights.f(), transposed, draw.between(0, rows), draw.between(0, k));
  const Start start = any_start(draw);
  multiply_lanes(packed, b.f(), start, bias.narrow.data(), c.f());
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      double& sum = c.d()(r, lane);
      sum = start == Start::accumulate ? sum : start == Start::bias ? bias.d()(0, r) : 0;
      for (std::int64_t i = 0; i < used; ++i)
        sum += (transposed ? weights.d()(i, r) : weights.d()(r, i)) * b.d()(i, lane);
    }
  }
  EXPECT_TRUE(equal(c, "c"));
}

/// Rows of a matrix by lane, some of them absent.
std::vector<std::int32_t> any_rows(Draw& draw, std::int64_t lanes, std::int64_t rows) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(std::max(lanes, rows)));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i-- > 1;)
    std::swap(order[i], order[static_cast<std::size_t>(draw.between(0, static_cast<std::int64_t>(i)))]);
  for (std::int32_t& row : order) row = row < rows ? row : -1;
  order.resize(static_cast<std::size_t>(lanes));
  return order;
}

void check_gather(Draw& draw) {
  const std::int64_t lanes = any_lanes(draw);
  Rows from = draw.rows(draw.between(1, 60), draw.between(1, 40), 2), out = draw.rows(from.cols, lanes, 3);
  const std::vector<std::int32_t> rows = any_rows(draw, lanes, from.rows);
  gather_lanes(from.f(), rows.data(), lanes, out.narrow.data(), out.stride);
  for (std::int64_t column = 0; column < from.cols; ++column) {
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      const std::int32_t row = rows[static_cast<std::size_t>(lane)];
      out.d()(column, lane) = row < 0 ? 0 : from.d()(row, column);
    }
  }
  EXPECT_TRUE(equal(out, "out", 0));
}

void check_scatter(Draw& draw) {
  const std::int64_t lanes = any_lanes(draw);
  Rows to = draw.rows(draw.between(1, 60), draw.between(1, 40), 2), values = draw.rows(to.cols, lanes, 3);
  const std::vector<std::int32_t> rows = any_rows(draw, lanes, to.rows);
  scatter_lanes(values.narrow.data(), values.stride, rows.data(), lanes, to.f());
  for (std::int64_t lane = 0; lane < lanes; ++lane) {
    const std::int32_t row = rows[static_cast<std::size_t>(lane)];
    for (std::int64_t column = 0; row >= 0 && column < to.cols; ++column)
      to.d()(row, column) = values.d()(column, lane);
  }
  EXPECT_TRUE(equal(to, "to", 0));
}

/// Gradients of a few steps in panels, and what each step's lanes read.
struct PanelCase {
  std::int64_t columns, steps, lanes, total;
  std::vector<Rows> gradients;  ///< [column][lane] of each step
  std::vector<float> memory;
  GradientPanels panels;

  explicit PanelCase(Draw& draw)
      : columns(draw.between(1, 150)),
        steps(draw.between(1, 3)),
        lanes(any_lanes(draw)),
        total(steps * lanes) {
    memory.resize(static_cast<std::size_t>(GradientPanels::size(total, columns)));
    panels = GradientPanels(total, columns, memory.data());
    for (std::int64_t s = 0; s < steps; ++s) {
      gradients.push_back(draw.rows(columns, lanes, 4));
      panels.put_lanes(gradients.back().narrow.data(), gradients.back().stride, lanes, s * lanes);
    }
  }
  std::int64_t width() const { return GradientPanels::size(1, columns); }
  /// The element of the panels' row that put_lanes wrote.
  double at(std::int64_t row, std::int64_t column) {
    return gradients[static_cast<std::size_t>(row / lanes)].d()(column, lanes - 1 - row % lanes);
  }
  /// The panels one after the other, so that each is asked for alone.
  template <class Job>
  void for_panels(Job job) const {
    for (std::int64_t p = 0; p < panels.panels(); ++p) job(PanelRange{p, p + 1});
  }
};

void check_lane_gradient(Draw& draw) {
  PanelCase given(draw);
  const std::int64_t rows = draw.between(1, 40), first = draw.between(0, 3);
  Rows c = draw.rows(rows, given.width(), 2);
  std::vector<Rows> operands;
  std::vector<LaneSegment> segments;
  for (std::int64_t s = 0; s < given.steps; ++s) operands.push_back(draw.rows(first + rows, given.lanes));
  for (Rows& operand : operands) segments.push_back({operand.narrow.data(), given.lanes});
  given.for_panels([&](PanelRange p) { add_lane_gradient(segments, first, given.panels, p, c.f()); });
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t column = 0; column < given.columns; ++column) {
      for (std::int64_t i = 0; i < given.total; ++i)
        c.d()(r, column) += operands[static_cast<std::size_t>(i / given.lanes)].d()(
                                first + r, given.lanes - 1 - i % given.lanes) *
                            given.at(i, column);
    }
  }
  EXPECT_TRUE(equal(c, "c"));
}

void check_panel_sums(Draw& draw) {
  PanelCase given(draw);
  const std::int64_t rows = draw.between(0, given.total);
  Rows sums = draw.vector(given.width());
  given.for_panels([&](PanelRange p) { add_panel_sums(given.panels, rows, p, sums.narrow.data()); });
  for (std::int64_t column = 0; column < given.columns; ++column) {
    for (std::int64_t i = 0; i < rows; ++i) sums.d()(0, column) += given.at(i, column);
    const std::int64_t panel = given.panels.panel_of(column);
    EXPECT_TRUE(panel >= 0 && panel < given.panels.panels());
  }
  EXPECT_TRUE(equal(sums, "sums"));
}

const bool lane_tests[] = {
    test_kernel("multiply_lanes", {"Put", "MultiplyLanes"},
                [](Draw& draw) { check_multiply_lanes(draw, false); }),
    test_kernel("multiply_lanes_transposed", {"PutTransposed"},
                [](Draw& draw) { check_multiply_lanes(draw, true); }),
    test_kernel("gather_lanes", {"GatherLanes"}, check_gather),
    test_kernel("scatter_lanes", {"ScatterLanes"}, check_scatter),
    test_kernel("add_lane_gradient", {"PutLanes", "PanelsSize", "AddLaneGradient"}, check_lane_gradient),
    test_kernel("add_panel_sums", {"PanelCount", "PanelOf", "AddPanelSums"}, check_panel_sums),
};

/// x·Wx + h·Wh for a few rows; whole vectors of columns.
void check_stream(Draw& draw) {
  const StreamKernels kernels = stream_kernels();
  const std::int64_t vectors = draw.between(1, 40), columns = vectors * kernels.lanes,
                     rows = draw.between(1, kStreamRows), x_count = draw.between(0, 30),
                     h_count = draw.between(0, 60), first = draw.between(0, 3);
  Rows weights = draw.rows(x_count + h_count, columns), start = draw.vector(columns),
       x = draw.rows(rows, x_count, 1), h = draw.rows(rows, h_count, 1),
       out = draw.rows(rows, first + columns, 5);
  std::vector<float> memory(weights.narrow.size() + 16);
  float* packed = memory.data();
  while (reinterpret_cast<std::uintptr_t>(packed) % 64 != 0) ++packed;
  StreamProduct product{packed, draw.coin() ? start.narrow.data() : nullptr, vectors, 0, first, x_count,
                        h_count};
  product.panels = kernels.pack(weights.f(), packed);
  std::array<const float*, kStreamRows> x_rows{}, h_rows{};
  std::array<float*, kStreamRows> out_rows{};
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto at = static_cast<std::size_t>(r);
    x_rows[at] = x.f().row(r), h_rows[at] = h.f().row(r), out_rows[at] = out.f().row(r);
    for (std::int64_t j = 0; j < columns; ++j) {
      double& sum = out.d()(r, first + j);
      if (product.start != nullptr) sum = start.d()(0, j);
      for (std::int64_t i = 0; i < x_count; ++i) sum += x.d()(r, i) * weights.d()(i, j);
      for (std::int64_t i = 0; i < h_count; ++i) sum += h.d()(r, i) * weights.d()(x_count + i, j);
    }
  }
  kernels.multiply(product, rows, x_rows.data(), h_rows.data(), out_rows.data(), draw.coin());
  EXPECT_TRUE(equal(out, "out"));
}
const bool stream_test = test_kernel("stream_multiply", {"Kernels"}, check_stream);

}  // namespace
}  // namespace rondo::kernels
