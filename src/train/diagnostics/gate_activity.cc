#include "train/diagnostics/gate_activity.h"

#include <algorithm>
#include <string_view>

#include "kernels/activation_kind.h"
#include "kernels/matrix.h"
#include "layers/recurrent/common/recurrent_plan.h"

namespace rondo::detail {
namespace {

using kernels::ActivationKind;

/// A gate is shut near 0 and open near 1 only where its activation says so.
bool opens_and_shuts(ActivationKind kind) {
  return kind == ActivationKind::sigmoid || kind == ActivationKind::hard_sigmoid;
}
bool saturates_at_one(ActivationKind kind) {
  return kind == ActivationKind::tanh || kind == ActivationKind::hard_tanh;
}

std::string gate_name(const cells::CellInfo& info, int gate) {
  const char* name = info.gate_names[static_cast<std::size_t>(gate)];
  return name != nullptr ? name : "gate " + std::to_string(gate + 1);
}

}  // namespace

GateActivity::GateActivity(const std::string& type, const RecurrentOptions& options,
                           const ParameterStore& weights, std::string prefix)
    : options_(options),
      weights_(weights),
      prefix_(std::move(prefix)),
      cell_(kernels::find_cell(type, to_config(options))) {
  const cells::CellInfo& info = cell_->info;
  if (!info.gated) {
    if (!saturates_at_one(kernels::parse_activation(options.activation, type))) return;
    counts_.push_back({0, {gate_name(info, 0), 0, 0, -0.95, 0.95}});
    return;
  }
  if (options.layer_norm || options.proj_size > 0) return;  // sums of another kind
  if (!opens_and_shuts(kernels::parse_activation(options.recurrent_activation, type))) return;
  for (int gate = 0; gate < info.gates; ++gate) {
    const char* name = info.gate_names[static_cast<std::size_t>(gate)];
    if (name == nullptr || std::string_view(name) == "candidate") continue;
    counts_.push_back({gate, {name}});
  }
}

View<const double> GateActivity::array(const char* name) const {
  const int index = weights_.find(prefix_ + "." + name);
  return index < 0 ? View<const double>{} : weights_.value(index).view<double>();
}

void GateActivity::count(Count& into, double value) const {
  if (value < into.shares.low_limit) ++into.shares.low;
  if (value > into.shares.high_limit) ++into.shares.high;
}

void GateActivity::add(const Tape& tape, std::span<const Var> inputs, std::span<const Cell::State> before,
                       std::span<const Var> outputs) {
  if (counts_.empty()) return;
  constexpr std::size_t kSteps = 64;
  const std::size_t steps = inputs.size(), used = std::min(steps, kSteps);
  for (std::size_t i = 0; i < used; ++i) {
    const std::size_t step = (2 * i + 1) * steps / (2 * used);
    if (cell_->info.gated)
      add_step(tape, inputs[step], before[step]);
    else
      add_states(tape, outputs[step]);
  }
}

void GateActivity::add_states(const Tape& tape, Var output) {
  const ConstMatrix h = tape.value(output).data;
  for (std::int64_t i = 0; i < h.rows * h.cols; ++i) count(counts_.front(), h.view<const double>().data[i]);
  values_ += static_cast<double>(h.rows * h.cols);
}

void GateActivity::add_step(const Tape& tape, Var input, const Cell::State& before) {
  const cells::CellInfo& info = cell_->info;
  const View<const double> x = ConstMatrix(tape.value(input).data).view<const double>();
  const std::int64_t units = options_.units, stride = info.sums * units;
  const auto size = static_cast<std::size_t>(x.rows * units);
  std::array<std::vector<double>, cells::kMaxStates> states;
  for (std::size_t j = 0; j < static_cast<std::size_t>(info.states); ++j) {
    states[j].assign(size, 0.0);
    if (before.empty()) continue;
    const View<const double> given = ConstMatrix(tape.value(before[j]).data).view<const double>();
    std::copy_n(given.data, size, states[j].begin());
  }

  std::vector<double> sums(static_cast<std::size_t>(x.rows * stride), 0.0);
  const View<const double> bias = array("bias"), recurrent = array("recurrent_kernel");
  for (std::int64_t r = 0; r < x.rows; ++r) sum_biases(info, bias, units, sums.data() + r * stride);
  const auto add_product = [&](View<const double> left, View<const double> weights, int gate, int sum,
                               std::int64_t blocks = 1) {
    const std::int64_t seen = left.cols / blocks, width = units / blocks;
    std::vector<double> memory(static_cast<std::size_t>(seen * width));
    for (std::int64_t b = 0; b < blocks; ++b) {
      const kernels::Packed<double> packed(weights.columns(gate * units + b * width, width), false,
                                           memory.data());
      kernels::multiply<double>(left.columns(b * seen, seen), packed, kernels::Start::accumulate, nullptr,
                                {sums.data() + sum * units + b * width, x.rows, width, stride});
    }
  };
  for (int gate = 0; gate < info.gates; ++gate) {
    add_product(x, array("kernel"), gate, nth(info.input_sum, gate));
    // What stage 1 multiplies feeds the candidate only.
    if (info.has_recurrent_kernel() && nth(info.recurrent_stage, gate) == 0)
      add_product({states[0].data(), x.rows, units, units}, recurrent, gate, nth(info.recurrent_sum, gate),
                  options_.recurrent_blocks);
  }
  std::vector<double> vectors;
  for (int p = 0; p < info.vectors; ++p) {
    const View<const double> one = array(nth(info.vector_names, p));
    vectors.insert(vectors.end(), one.data, one.data + units);
  }
  std::vector<double> operand(size), next(size * static_cast<std::size_t>(info.states));
  const RecurrentShape shape{
      .cell = cell_,
      .inputs = x.cols,
      .units = units,
      .activation = kernels::parse_activation(options_.activation, prefix_),
      .recurrent_activation = kernels::parse_activation(options_.recurrent_activation, prefix_),
      .clip = options_.clip};
  kernels::CellCall<double> call = shape.cell_call<double>();
  call.rows = x.rows;
  call.vectors = vectors.data();
  call.sums = sums.data();
  call.sums_stride = stride;
  call.state_stride = call.next_stride = call.operand_stride = units;
  for (std::size_t j = 0; j < static_cast<std::size_t>(info.states); ++j) {
    call.state[j] = states[j].data();
    call.next[j] = next.data() + j * size;
  }
  call.operand = operand.data();
  if (cell_->scalar.prepare != nullptr) cell_->scalar.prepare(call);
  cell_->scalar.forward(call);
  for (Count& gate : counts_) {
    const std::int64_t at = info.input_sum[static_cast<std::size_t>(gate.gate)] * units;
    for (std::int64_t r = 0; r < x.rows; ++r)
      for (std::int64_t u = 0; u < units; ++u)
        count(gate, sums[static_cast<std::size_t>(r * stride + at + u)]);
  }
  values_ += static_cast<double>(size);
}

std::vector<GateSaturation> GateActivity::shares() const {
  std::vector<GateSaturation> all;
  if (values_ == 0) return all;
  for (const Count& gate : counts_) {
    all.push_back(gate.shares);
    all.back().low /= values_;
    all.back().high /= values_;
  }
  return all;
}

std::vector<GateSpectrum> recurrent_spectra(const std::string& type, const RecurrentOptions& options,
                                            const ParameterStore& weights, const std::string& prefix) {
  std::vector<GateSpectrum> spectra;
  const int index = weights.find(prefix + ".recurrent_kernel");
  if (options.proj_size > 0 || index < 0) return spectra;
  const cells::CellInfo& info = kernels::find_cell(type, to_config(options))->info;
  const View<const double> all = weights.value(index).view<const double>();
  const std::int64_t width = all.rows;
  std::vector<double> block(static_cast<std::size_t>(width * width));
  for (int gate = 0; gate < info.gates; ++gate) {
    GateSpectrum spectrum{gate_name(info, gate)};
    for (std::int64_t first = gate * options.units; first < (gate + 1) * options.units; first += width) {
      for (std::int64_t i = 0; i < width; ++i)
        std::copy_n(all.row(i) + first, width, block.begin() + i * width);
      spectrum.spectral_radius = std::max(spectrum.spectral_radius, spectral_radius(block, width));
      spectrum.largest_singular_value =
          std::max(spectrum.largest_singular_value, largest_singular_value(block, width));
    }
    spectra.push_back(spectrum);
  }
  return spectra;
}

}  // namespace rondo::detail
