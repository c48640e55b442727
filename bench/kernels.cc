// Google Benchmark rows of each kernel at recurrent shapes. Products report GFLOP/s and the fraction of this
// core's FMA peak, measured in the same process; everything else nanoseconds an element and `of_copy`, the
// bytes that it reads and writes a second as a fraction of those of copying an array that stays in the
// second-level cache.
//
//     build/bench/kernels --benchmark_filter=product

#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "fma_burst.h"
#include "kernels/activations.h"
#include "kernels/cells.h"
#include "kernels/lanes.h"
#include "kernels/matrix.h"
#include "kernels/stream.h"
#include "rondo/base/random.h"
#include "rondo/tensor/tensor.h"

namespace {

using namespace rondo;
using benchmark::State;
using kernels::ActivationKind;

double peak() {
  static const double best = [] {
    double fastest = 0;
    for (int i = 0; i < 200; ++i) fastest = std::max(fastest, bench::fma_burst());
    return fastest;
  }();
  return best;
}

double processor_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// Bytes read and written a second.
double copy_speed() {
  static const double best = [] {
    constexpr std::size_t kFloats = 32 * 512;  // as many as the activations' rows have
    constexpr int kCopies = 100;
    std::vector<float> from(kFloats, 1.0F), to(kFloats);
    double fastest = 0;
    for (int i = 0; i < 50; ++i) {
      const double begin = processor_seconds();
      for (int k = 0; k < kCopies; ++k) {
        std::ranges::copy(from, to.begin());
        benchmark::ClobberMemory();
      }
      fastest = std::max(fastest, 8.0 * kFloats * kCopies / (processor_seconds() - begin));
    }
    return fastest;
  }();
  return best;
}

/// A matrix of random values around 0 that owns its memory.
struct Array {
  explicit Array(std::int64_t rows, std::int64_t cols) : values({rows, cols}) {
    const RandomStream random(1, static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(cols));
    for (std::int64_t i = 0; i < values.size(); ++i)
      values.set(i, random.uniform(static_cast<std::uint64_t>(i)) - 0.5);
  }
  float* data() { return values.data<float>().data(); }
  View<float> view() { return {data(), values.dim(0), values.dim(1), values.dim(1)}; }
  Tensor values;
};

/// Runs `body` for the benchmark and returns the processor's time for one run, in seconds.
template <class F>
double time_runs(State& state, F body) {
  const double begin = processor_seconds();
  for (auto _ : state) {
    body();
    benchmark::ClobberMemory();
  }
  return (processor_seconds() - begin) / static_cast<double>(state.iterations());
}

template <class F>
void count_flops(State& state, double flops, F body) {
  const double gflops = flops * 1e-9 / time_runs(state, body);
  state.counters["GFLOPs"] = gflops;
  state.counters["of_peak"] = gflops / peak();
}

/// `floats`: how many one element reads and writes.
template <class F>
void count_elements(State& state, std::int64_t elements, int floats, F body) {
  const double seconds = time_runs(state, body) / static_cast<double>(elements);
  state.counters["ns_an_element"] = seconds * 1e9;
  state.counters["of_copy"] = 4.0 * floats / seconds / copy_speed();
}

/// c [m, n] of a [m, k] and b [k, n].
struct Product {
  std::int64_t m, k, n;
  double flops() const {
    return 2.0 * static_cast<double>(m) * static_cast<double>(k) * static_cast<double>(n);
  }
};

void rows_product(State& state, Product p) {
  Array a(p.m, p.k), b(p.k, p.n), c(p.m, p.n), bias(1, p.n),
      memory(1, kernels::Packed<float>::size(p.k, p.n));
  const kernels::Packed<float> packed(b.view(), false, memory.data());
  count_flops(state, p.flops(), [&] {
    kernels::multiply<float>(a.view(), packed, kernels::Start::bias, bias.data(), c.view());
  });
}

void rows_gradient(State& state, Product p) {
  Array a(p.m, p.k), g(p.m, p.n), c(p.k, p.n);
  count_flops(state, p.flops(),
              [&] { kernels::add_transposed_product<float>(a.view(), g.view(), c.view()); });
}

void rows_packing(State& state, Product p) {
  Array b(p.k, p.n), memory(1, kernels::Packed<float>::size(p.k, p.n));
  count_elements(state, p.k * p.n, 2,
                 [&] { benchmark::DoNotOptimize(kernels::Packed<float>(b.view(), false, memory.data())); });
}

void lanes_product(State& state, Product p) {
  Array weights(p.k, p.n), b(p.k, p.m), c(p.n, p.m), bias(1, p.n),
      memory(1, kernels::PackedRows::size(p.n, p.k));
  kernels::PackedRows packed(p.n, p.k, memory.data());
  packed.put_transposed(weights.view(), 0, 0);
  count_flops(state, p.flops(), [&] {
    kernels::multiply_lanes(packed, b.view(), kernels::Start::bias, bias.data(), c.view());
  });
}

void lanes_gradient(State& state, Product p) {
  // m = steps · lanes: as many steps as fill the given rows.
  const std::int64_t lanes = kernels::kLaneBlock, steps = p.m / lanes;
  Array operand(steps, p.k * lanes), g(p.n, lanes), memory(1, kernels::GradientPanels::size(p.m, p.n));
  kernels::GradientPanels panels(p.m, p.n, memory.data());
  for (std::int64_t s = 0; s < steps; ++s) panels.put_lanes(g.data(), lanes, lanes, s * lanes);
  const std::int64_t width = kernels::GradientPanels::size(1, p.n);
  Array c(p.k, width);
  std::vector<kernels::LaneSegment> segments;
  for (std::int64_t s = 0; s < steps; ++s) segments.push_back({operand.view().row(s), lanes});
  count_flops(state, 2.0 * static_cast<double>(steps * lanes * p.k * p.n), [&] {
    kernels::add_lane_gradient(segments, 0, panels, {0, panels.panels()}, {c.data(), p.k, width, width});
  });
}

void lanes_put_gradients(State& state, Product p) {
  const std::int64_t lanes = kernels::kLaneBlock;
  Array g(p.n, lanes), memory(1, kernels::GradientPanels::size(lanes, p.n));
  kernels::GradientPanels panels(lanes, p.n, memory.data());
  count_elements(state, lanes * p.n, 2, [&] { panels.put_lanes(g.data(), lanes, lanes, 0); });
}

void lanes_gather(State& state, std::int64_t columns) {
  const std::int64_t lanes = kernels::kLaneBlock;
  Array rows(lanes, columns), out(columns, lanes);
  std::vector<std::int32_t> order;
  for (std::int32_t i = 0; i < lanes; ++i) order.push_back(i);
  count_elements(state, lanes * columns, 2,
                 [&] { kernels::gather_lanes(rows.view(), order.data(), lanes, out.data(), lanes); });
}

void lanes_scatter(State& state, std::int64_t columns) {
  const std::int64_t lanes = kernels::kLaneBlock;
  Array rows(lanes, columns), values(columns, lanes);
  std::vector<std::int32_t> order;
  for (std::int32_t i = 0; i < lanes; ++i) order.push_back(i);
  count_elements(state, lanes * columns, 2,
                 [&] { kernels::scatter_lanes(values.data(), lanes, order.data(), lanes, rows.view()); });
}

/// A step of one stream of a cell with four gates.
void stream_product(State& state, std::int64_t inputs, std::int64_t units) {
  const kernels::StreamKernels kernel = kernels::stream_kernels();
  const std::int64_t vectors = (4 * units + kernel.lanes - 1) / kernel.lanes, width = vectors * kernel.lanes;
  Array weights(inputs + units, width), packed(inputs + units, width), start(1, width), x(1, inputs),
      h(1, units), out(1, width);
  kernels::StreamProduct product;
  product.panels = kernel.pack(weights.view(), packed.data());
  product.weights = packed.data();
  product.start = start.data();
  product.vectors = vectors;
  product.x_count = inputs;
  product.h_count = units;
  const float* const x_row = x.data();
  const float* const h_row = h.data();
  float* const out_row = out.data();
  bool backwards = false;
  count_flops(state, 2.0 * static_cast<double>((inputs + units) * width),
              [&] { kernel.multiply(product, 1, &x_row, &h_row, &out_row, backwards = !backwards); });
}

void activation(State& state, ActivationKind kind) {
  Array x(32, 512), y(32, 512);
  count_elements(state, x.values.size(), 2, [&] { kernels::activate_rows<float>(kind, x.view(), y.view()); });
}

void activation_backward(State& state, ActivationKind kind) {
  Array x(32, 512), y(32, 512), dy(32, 512), dx(32, 512);
  kernels::activate_rows<float>(kind, x.view(), y.view());
  count_elements(state, x.values.size(), 6, [&] {  // x, y, dy, dx twice, dx again for zeros
    std::ranges::fill(dx.values.data<float>(), 0.0F);
    kernels::activate_rows_backward<float>(kind, x.view(), y.view(), dy.view(), dx.view());
  });
}

/// All arrays of one call of a cell's formulas, for 32 rows.
struct CellArrays {
  CellArrays(const cells::CellInfo& info, std::int64_t units, bool lanes_are_rows)
      : sums(kRows, info.sums * units),
        states(info.states * kRows, units),
        next(info.states * kRows, units),
        gradients(info.states * kRows, units),
        operand(kRows, units),
        d_vectors(kRows, std::max(info.vectors, 1) * units),
        vectors(std::max(info.vectors, 1), units) {
    call.rows = kRows;
    call.units = units;
    call.lanes_are_rows = lanes_are_rows;
    call.vectors = vectors.data();
    call.sums = sums.data();
    call.operand = operand.data();
    call.d_vectors = d_vectors.data();
    const std::int64_t stride = lanes_are_rows ? kRows : units;
    call.sums_stride = lanes_are_rows ? kRows : info.sums * units;
    call.d_vectors_stride = lanes_are_rows ? kRows : info.vectors * units;
    call.state_stride = call.next_stride = call.d_state_stride = call.operand_stride = stride;
    for (int i = 0; i < info.states; ++i) {
      call.state[i] = states.data() + i * kRows * units;
      call.next[i] = next.data() + i * kRows * units;
      call.d_state[i] = gradients.data() + i * kRows * units;
    }
  }
  static constexpr std::int64_t kRows = 32;
  Array sums, states, next, gradients, operand, d_vectors, vectors;
  kernels::CellCall<float> call;
};

void cell(State& state, const kernels::CellKernels* kernel, std::int64_t units, bool lanes, bool backward) {
  CellArrays arrays(kernel->info, units, lanes);
  const kernels::CellFormulas<float> formulas = kernels::formulas<float>(*kernel);
  const auto part = backward ? formulas.backward : formulas.forward;
  // Sums come in, what they become goes out; the same of states, or of their gradients with the states beside
  // them.
  const cells::CellInfo& info = kernel->info;
  const int floats = 2 * info.sums + (backward ? 3 : 2) * info.states + info.vectors * (backward ? 2 : 1);
  count_elements(state, CellArrays::kRows * units, floats, [&] {
    part(arrays.call);  // reads what the round before wrote: the time does not depend on values
  });
}

struct Size {
  std::int64_t inputs, units, batch, steps;
};
constexpr Size kSizes[] = {{1, 50, 1, 100},    {1, 50, 32, 100},   {10, 50, 200, 20},
                           {64, 128, 32, 100}, {256, 512, 64, 35}, {1024, 1024, 64, 50}};

std::string name_of(const std::string& kind, const Product& p) {
  return kind + "/m" + std::to_string(p.m) + "_k" + std::to_string(p.k) + "_n" + std::to_string(p.n);
}

template <class F>
void add(const std::string& kind, F run, Product p) {
  benchmark::RegisterBenchmark(name_of(kind, p).c_str(), [run, p](State& state) { run(state, p); });
}

/// Products of a cell with four gates, as they come up in one training step of each size.
void register_products() {
  for (const Size& s : kSizes) {
    const std::int64_t width = 4 * s.units, rows = std::min<std::int64_t>(s.batch * s.steps, 512);
    add("rows_product_step", rows_product, {s.batch, s.units, width});
    add("rows_product_inputs", rows_product, {rows, s.inputs, width});
    add("rows_product_backward", rows_product, {s.batch, width, s.units});
    add("rows_weight_gradient", rows_gradient, {rows, s.units, width});
    add("rows_packing", rows_packing, {0, s.units, width});
    if (s.batch < kernels::kLaneGroup || s.units > 256) continue;
    const std::int64_t lanes = kernels::kLaneBlock;
    add("lanes_product_step", lanes_product, {lanes, s.units + s.inputs, width});
    add("lanes_product_backward", lanes_product, {lanes, width, s.units});
    add("lanes_weight_gradient", lanes_gradient, {rows / lanes * lanes, s.units, width});
    add("lanes_put_gradients", lanes_put_gradients, {lanes, 0, width});
  }
  for (const auto& [inputs, units] : {std::pair{1, 8}, {1, 16}, {1, 32}, {1, 50}, {64, 128}, {256, 512}}) {
    const std::int64_t i = inputs, u = units;
    benchmark::RegisterBenchmark(("stream_product/i" + std::to_string(i) + "_h" + std::to_string(u)).c_str(),
                                 [i, u](State& state) { stream_product(state, i, u); });
  }
  for (const std::int64_t columns : {1, 10, 50, 128}) {
    const std::string shape = "/32x" + std::to_string(columns);
    benchmark::RegisterBenchmark(("lanes_gather" + shape).c_str(),
                                 [columns](State& state) { lanes_gather(state, columns); });
    benchmark::RegisterBenchmark(("lanes_scatter" + shape).c_str(),
                                 [columns](State& state) { lanes_scatter(state, columns); });
  }
}

void register_formulas() {
  for (const char* name : {"tanh", "sigmoid", "exponential", "softplus", "gelu", "silu", "elu",
                           "hard_sigmoid", "softsign", "relu", "softmax"}) {
    const ActivationKind kind = kernels::parse_activation(name, "bench");
    benchmark::RegisterBenchmark((std::string("activation/") + name).c_str(),
                                 [kind](State& state) { activation(state, kind); });
    benchmark::RegisterBenchmark((std::string("activation_backward/") + name).c_str(),
                                 [kind](State& state) { activation_backward(state, kind); });
  }
  for (const kernels::CellKernels* kernel : kernels::all_cells()) {
    for (const bool lanes : {false, true}) {
      for (const bool backward : {false, true}) {
        const std::string name = std::string(lanes ? "lanes_" : "rows_") + "cell_" +
                                 (backward ? "backward/" : "forward/") + kernel->info.name + "/32x128";
        benchmark::RegisterBenchmark(name.c_str(), [kernel, lanes, backward](State& state) {
          cell(state, kernel, 128, lanes, backward);
        });
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::AddCustomContext("fma_peak", std::to_string(peak()) + " GFLOP/s on one core");
  register_products();
  register_formulas();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
