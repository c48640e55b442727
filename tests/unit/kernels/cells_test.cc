// The formulas of every cell, alone and within a step of a stream, against the same formulas in double.

#include <algorithm>
#include <array>
#include <memory>

#include "kernel_suite.h"
#include "kernels/cells.h"
#include "kernels/lanes.h"
#include "kernels/stream.h"

namespace rondo::kernels {
namespace {

/// One call in float and in double.
struct CellCase {
  const CellKernels& cell;
  std::vector<std::unique_ptr<Rows>> arrays;
  CellCall<float> narrow;
  CellCall<double> wide;

  CellCase(const CellKernels& kernels, Draw& draw) : cell(kernels) {
    const cells::CellInfo& info = cell.info;
    const bool lanes_are_rows = draw.coin();
    const std::int64_t rows = lanes_are_rows ? kLaneGroup * draw.between(1, 2) : draw.between(1, 5),
                       units = draw.between(1, lanes_are_rows ? 9 : 40),
                       gap = lanes_are_rows ? kLaneGroup : 3;
    const auto set = [&](auto& call) {
      call.rows = rows, call.units = units, call.lanes_are_rows = lanes_are_rows;
    };
    set(narrow), set(wide);
    // `kinds` arrays of rows x units.
    const auto array = [&](std::int64_t kinds) {
      return lanes_are_rows ? draw.rows(kinds * units, rows, gap) : draw.rows(rows, kinds * units, gap);
    };
    const auto add = [&](std::int64_t kinds, auto& f, auto& d, std::int64_t& f_stride,
                         std::int64_t& d_stride) {
      Rows& made = *arrays.emplace_back(std::make_unique<Rows>(array(kinds)));
      f = made.narrow.data(), d = made.wide.data(), f_stride = d_stride = made.stride;
    };
    add(info.sums, narrow.sums, wide.sums, narrow.sums_stride, wide.sums_stride);
    for (int j = 0; j < info.states; ++j) {
      add(1, narrow.state[j], wide.state[j], narrow.state_stride, wide.state_stride);
      add(1, narrow.next[j], wide.next[j], narrow.next_stride, wide.next_stride);
      add(1, narrow.d_state[j], wide.d_state[j], narrow.d_state_stride, wide.d_state_stride);
    }
    if (draw.coin()) add(1, narrow.output, wide.output, narrow.output_stride, wide.output_stride);
    if (draw.coin()) add(1, narrow.d_output, wide.d_output, narrow.d_output_stride, wide.d_output_stride);
    add(1, narrow.operand, wide.operand, narrow.operand_stride, wide.operand_stride);
    add(std::max(info.vectors, 1), narrow.d_vectors, wide.d_vectors, narrow.d_vectors_stride,
        wide.d_vectors_stride);
    Rows& vectors = *arrays.emplace_back(std::make_unique<Rows>(draw.rows(std::max(info.vectors, 1), units)));
    narrow.vectors = vectors.narrow.data(), wide.vectors = vectors.wide.data();
    if (draw.coin()) {
      const auto any = [&] {
        return static_cast<ActivationKind>(draw.between(0, static_cast<std::int64_t>(kLastRecurrent)));
      };
      narrow.activation = wide.activation = any();
      narrow.recurrent_activation = wide.recurrent_activation = any();
      if (draw.coin()) wide.clip = narrow.clip = 0.75F;
    }
  }
};

template <auto kFunction, auto kReference>
void check_formula(const CellKernels& cell, Draw& draw) {
  CellCase given(cell, draw);
  (cell.simd().*kFunction)(given.narrow);
  (cell.scalar.*kReference)(given.wide);
  for (const auto& array : given.arrays) EXPECT_TRUE(equal(*array, "an array"));
}

/// A step of a small cell, in pieces of `vectors` vectors of `lanes` lanes.
void check_stream_cell(const CellKernels& cell, Draw& draw) {
  const cells::CellInfo& info = cell.info;
  const bool keeps = draw.coin();
  const StreamCellKernels steps = cell.stream(keeps);
  const std::int64_t all_lanes = stream_kernels().lanes;
  // One piece of the whole width, of half of it, or of several vectors, and then one more that is not full.
  std::vector<std::pair<StreamCellFunction, std::int64_t>> kinds;
  for (std::size_t v = 0; v < steps.whole.size(); ++v) {
    if (steps.whole[v] != nullptr)
      kinds.emplace_back(steps.whole[v], static_cast<std::int64_t>(v + 1) * all_lanes);
  }
  if (steps.half != nullptr) kinds.emplace_back(steps.half, all_lanes / 2);
  if (steps.quarter != nullptr) kinds.emplace_back(steps.quarter, all_lanes / 4);
  const auto& [run, width] =
      kinds[static_cast<std::size_t>(draw.between(0, static_cast<std::int64_t>(kinds.size()) - 1))];
  const std::int64_t lanes = std::min(width, all_lanes), pieces = draw.between(1, 2),
                     inputs = draw.between(0, 5),
                     units = draw.between(pieces * width - lanes + 1, pieces * width), pitch = pieces * width,
                     gates = info.gates;

  Rows kernel = draw.rows(inputs, gates * units), recurrent = draw.rows(units, gates * units),
       x = draw.vector(inputs), y = draw.vector(units), start = draw.rows(info.sums, pitch),
       vectors = draw.rows(std::max(info.vectors, 1), pitch);
  // States one after the other with room for what follows; and where h, or what backward needs, goes.
  const std::int64_t room = 2 * pitch;
  Rows states = draw.vector(info.states * room),
       next = draw.vector(std::max<std::int64_t>(info.sums * units, pitch));
  std::vector<float> packed;
  for (std::int64_t first = 0; first < pitch; first += width) {
    for (const bool of_state : {false, true}) {
      const Rows& from = of_state ? recurrent : kernel;
      for (std::int64_t k = 0; k < from.rows; ++k) {
        for (std::int64_t begin = first; begin < first + width; begin += lanes) {
          for (int s = 0; s < info.sums; ++s) {
            for (int g = 0; g < info.gates; ++g) {
              const auto at = static_cast<std::size_t>(g);
              if ((of_state ? info.recurrent_sum : info.input_sum)[at] != s) continue;
              for (std::int64_t u = begin; u < begin + lanes; ++u)
                packed.push_back(
                    u < units ? from.narrow[static_cast<std::size_t>(k * from.stride + g * units + u)] : 0);
            }
          }
        }
      }
    }
  }
  StreamCellStep step{packed.data(), start.narrow.data(), vectors.narrow.data(), inputs, units, pitch, {}};
  for (int j = 0; j < info.states; ++j) step.offset[j] = j * room;

  // The reference: sums, then the formulas in double.
  const std::int64_t n = units;
  std::vector<double> sums(static_cast<std::size_t>(info.sums * n)),
      own_vectors(static_cast<std::size_t>(std::max(info.vectors, 1) * n));
  for (int s = 0; s < info.sums; ++s) std::copy_n(start.d().row(s), n, sums.data() + s * n);
  for (int p = 0; p < info.vectors; ++p) std::copy_n(vectors.d().row(p), n, own_vectors.data() + p * n);
  for (int g = 0; g < info.gates; ++g) {
    const auto at = static_cast<std::size_t>(g);
    for (std::int64_t u = 0; u < n; ++u) {
      for (std::int64_t k = 0; k < inputs; ++k)
        sums[static_cast<std::size_t>(info.input_sum[at] * n + u)] += x.d()(0, k) * kernel.d()(k, g * n + u);
      for (std::int64_t k = 0; k < n; ++k)
        sums[static_cast<std::size_t>(info.recurrent_sum[at] * n + u)] +=
            states.d()(0, k) * recurrent.d()(k, g * n + u);
    }
  }
  CellCall<double> call;
  call.rows = 1, call.units = n, call.sums = sums.data(), call.vectors = own_vectors.data();
  std::array<std::vector<double>, cells::kMaxStates> after;
  for (int j = 0; j < info.states; ++j) {
    after[static_cast<std::size_t>(j)].resize(static_cast<std::size_t>(n));
    call.state[j] = states.wide.data() + j * room;
    call.next[j] = after[static_cast<std::size_t>(j)].data();
  }
  cell.scalar.forward(call);

  const bool has_y = draw.coin();
  for (std::int64_t first = 0; first < pitch; first += width)
    run(step, x.narrow.data(), states.narrow.data(), next.narrow.data(), has_y ? y.narrow.data() : nullptr,
        first);
  const auto expect = [&](const float* got, const double* want, const char* what) {
    for (std::int64_t u = 0; u < n; ++u)
      ASSERT_NEAR(got[u], want[u], kTolerance * std::max(1.0, std::abs(want[u])))
          << what << ", unit " << u << " of " << n;
  };
  for (int j = 0; j < info.states; ++j) {
    const bool h_apart = j == 0 && !keeps;
    const float* got = h_apart ? next.narrow.data() : states.narrow.data() + j * room + (keeps ? n : 0);
    expect(got, call.next[j], "state");
  }
  if (has_y) expect(y.narrow.data(), call.next[0], "y");
  for (int s = 0; keeps && s < info.sums; ++s)
    expect(next.narrow.data() + s * n, sums.data() + s * n, "what is kept");
  for (std::size_t i = static_cast<std::size_t>(n); i < y.narrow.size(); ++i)
    EXPECT_EQ(y.narrow[i], static_cast<float>(y.wide[i]));
}

template <auto kFunction, auto kReference>
void add_formula(const CellKernels* cell, const char* function) {
  if (cell->scalar.*kReference == nullptr) return;
  test_kernel(std::string(cell->info.name) + "_" + function, {"Formulas"},
              [cell](Draw& draw) { check_formula<kFunction, kReference>(*cell, draw); });
}

const bool cell_tests = [] {
  using F = CellFormulas<float>;
  using D = CellFormulas<double>;
  for (const CellKernels* cell : all_cells()) {
    add_formula<&F::forward, &D::forward>(cell, "forward");
    add_formula<&F::prepare, &D::prepare>(cell, "prepare");
    add_formula<&F::backward, &D::backward>(cell, "backward");
    add_formula<&F::backward_prepare, &D::backward_prepare>(cell, "backward_prepare");
    add_formula<&F::output, &D::output>(cell, "output");
    add_formula<&F::backward_output, &D::backward_output>(cell, "backward_output");
    add_formula<&F::backward_normalized, &D::backward_normalized>(cell, "backward_normalized");
    if (cell->stream(false).whole[0] != nullptr)
      test_kernel(std::string(cell->info.name) + "_stream_step", {"StreamSteps"},
                  [cell](Draw& draw) { check_stream_cell(*cell, draw); });
  }
  return true;
}();

}  // namespace
}  // namespace rondo::kernels
