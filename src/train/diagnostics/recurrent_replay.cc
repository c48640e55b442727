#include "train/diagnostics/recurrent_replay.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

#include "kernels/cells.h"
#include "rondo/base/error.h"
#include "rondo/base/options.h"
#include "train/diagnostics/gate_activity.h"

namespace rondo::detail {
namespace {

constexpr const char* kPrefix = "cell";

RecurrentOptions options_of(const Layer& layer) {
  RecurrentOptions options;
  read_options(options, layer.config(), "layer '" + layer.name() + "'", {"type", "name"});
  return options;
}

}  // namespace

bool RecurrentReplay::covers(const Tape::Applied& applied) {
  const auto* layer = dynamic_cast<const Layer*>(applied.operation);
  return layer != nullptr && layer->is_recurrent() && applied.store != nullptr &&
         kernels::find_cell(layer->type()) != nullptr && applied.store->find(layer->name() + ".kernel") >= 0;
}

RecurrentReplay::RecurrentReplay(const Tape& tape, const Tape::Applied& applied) {
  const auto& layer = dynamic_cast<const Layer&>(*applied.operation);
  name_ = layer.name();
  type_ = layer.type();
  options_ = options_of(layer);
  if (tape.options().carried != nullptr && (options_.stateful || tape.options().carry_all)) {
    throw Error(ErrorKind::usage, "gradient flow is measured over whole sequences")
        .where("layer '" + name_ + "'")
        .seen("states carried over from the batch before")
        .fix("run the pass without RunOptions::carried");
  }
  input_ = tape.get(applied.inputs.front()).cast(DType::float64);
  for (std::size_t j = 1; j < applied.inputs.size(); ++j)
    initial_.push_back(tape.get(applied.inputs[j]).values().cast(DType::float64));
  output_ = tape.value(applied.outputs.front()).layout;
  for (const Var output : applied.outputs)
    output_gradients_.push_back(tape.gradient(output).cast(DType::float64));

  RecurrentOptions alone = options_;
  alone.return_sequences = alone.return_state = alone.go_backwards = alone.stateful = false;
  cell_ = std::make_unique<Cell>(type_, alone, input_.values().dim(-1), weights_, kPrefix);
  weights_.allocate();
  const std::size_t skip = std::string_view(kPrefix).size();
  for (std::size_t i = 0; i < weights_.infos().size(); ++i) {
    const int from = applied.store->find(name_ + weights_.infos()[i].name.substr(skip));
    weights_.set(static_cast<int>(i), applied.store->get(from).cast(DType::float64));
  }
}

std::vector<RecurrentReplay::Group> RecurrentReplay::groups() const {
  std::map<std::int64_t, Group> by_length;
  const auto lengths = input_.layout()->lengths();
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    if (lengths[b] == 0) continue;
    Group& group = by_length[lengths[b]];
    group.steps = lengths[b];
    group.sequences.push_back(static_cast<std::int64_t>(b));
  }
  std::vector<Group> all;
  for (auto& [length, group] : by_length) all.push_back(std::move(group));
  return all;
}

std::int64_t RecurrentReplay::row(const Layout& layout, std::int64_t sequence, std::int64_t step) const {
  return layout.offset(step) + layout.place()[static_cast<std::size_t>(sequence)];
}

RecurrentReplay::Pass RecurrentReplay::run(Tape& tape, const Group& group, bool all_outputs) {
  tape.reset({}, true);
  Pass pass;
  Cell::State state;
  if (!initial_.empty()) {
    std::vector<Var> given;
    for (const Tensor& values : initial_)
      given.push_back(tape.input(Samples(values.gather(group.sequences)), true));
    state = Cell::State(given);
  }
  std::vector<Var> seeds;
  std::vector<Tensor> gradients;
  std::vector<std::int64_t> rows(group.sequences.size());
  for (std::int64_t step = 0; step < group.steps; ++step) {
    const std::int64_t read = options_.go_backwards ? group.steps - 1 - step : step;
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = row(*input_.layout(), group.sequences[i], read);
    pass.x.push_back(tape.input(Samples(input_.values().gather(rows)), true));
    pass.before.push_back(state);
    const Cell::Step now = cell_->step(tape, pass.x.back(), state, step);
    state = now.state;
    pass.output.push_back(now.output);
    pass.state.push_back(state[0]);
    const bool last = step + 1 == group.steps;
    if (!last && (!all_outputs || output_ == nullptr)) continue;
    seeds.push_back(now.output);
    if (output_ == nullptr) {
      gradients.push_back(output_gradients_.front().gather(group.sequences));
    } else {
      for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = row(*output_, group.sequences[i], step);
      gradients.push_back(output_gradients_.front().gather(rows));
    }
  }
  for (std::size_t j = 0; j + 1 < output_gradients_.size(); ++j) {
    seeds.push_back(state[j]);
    gradients.push_back(output_gradients_[j + 1].gather(group.sequences));
  }
  tape.backward(seeds, gradients);
  return pass;
}

void RecurrentReplay::add_norms(const Tape& tape, const Pass& pass, const Group& group,
                                std::vector<double>& sums) const {
  for (std::int64_t step = 0; step < group.steps; ++step) {
    const auto at = static_cast<std::size_t>(step);
    const Tensor used = tape.gradient(pass.output[at]), kept = tape.gradient(pass.state[at]);
    const std::int64_t width = used.dim(-1);
    double sum = 0;
    for (std::int64_t i = 0; i < used.dim(0); ++i) {
      double squares = 0;
      for (std::int64_t u = 0; u < width; ++u) {
        const double d = used.at(i * width + u) + kept.at(i * width + u);
        squares += d * d;
      }
      sum += std::sqrt(squares);
    }
    sums[static_cast<std::size_t>(group.steps - 1 - step)] += sum;
  }
}

void RecurrentReplay::keep_input_gradient(const Tape& tape, const Pass& pass, const Group& group) {
  const std::int64_t width = input_.values().dim(-1);
  for (std::int64_t step = 0; step < group.steps; ++step) {
    const Tensor from = tape.gradient(pass.x[static_cast<std::size_t>(step)]);
    const std::int64_t read = options_.go_backwards ? group.steps - 1 - step : step;
    for (std::size_t i = 0; i < group.sequences.size(); ++i) {
      const std::int64_t to = row(*input_.layout(), group.sequences[i], read);
      for (std::int64_t c = 0; c < width; ++c)
        input_gradient_.set(to * width + c, from.at(static_cast<std::int64_t>(i) * width + c));
    }
  }
}

LayerGradientFlow RecurrentReplay::measure() {
  LayerGradientFlow flow;
  flow.layer = name_;
  flow.cell = type_;
  flow.units = cell_->units();
  const std::vector<Group> all = groups();
  const std::int64_t longest = all.empty() ? 0 : all.back().steps;
  std::vector<double> counts(static_cast<std::size_t>(longest));
  flow.norm.assign(counts.size(), 0.0);
  flow.norm_from_end.assign(counts.size(), 0.0);
  weights_.zero_gradients();
  input_gradient_ = Tensor(input_.values().shape(), DType::float64);
  GateActivity gates(type_, options_, weights_, kPrefix);
  const bool every_step = output_ != nullptr;
  Tape tape(DType::float64);
  for (const Group& group : all) {
    flow.sequences += static_cast<std::int64_t>(group.sequences.size());
    for (std::int64_t k = 0; k < group.steps; ++k)
      counts[static_cast<std::size_t>(k)] += static_cast<double>(group.sequences.size());
    const Pass pass = run(tape, group, true);
    add_norms(tape, pass, group, flow.norm);
    keep_input_gradient(tape, pass, group);
    gates.add(tape, pass.x, pass.before, pass.output);
  }
  if (every_step) {
    const Tensor learnt = weights_.gradients();
    for (const Group& group : all) add_norms(tape, run(tape, group, false), group, flow.norm_from_end);
    weights_.mutable_gradients() = learnt;
    const bool silent = std::ranges::all_of(flow.norm_from_end, [](double v) { return v == 0; });
    if (silent) flow.norm_from_end = flow.norm;  // the last output is not used
  } else {
    flow.norm_from_end = flow.norm;
  }
  for (std::size_t k = 0; k < counts.size(); ++k) {
    flow.norm[k] /= counts[k];
    flow.norm_from_end[k] /= counts[k];
  }
  flow.gates = gates.shares();
  flow.spectra = recurrent_spectra(type_, options_, weights_, kPrefix);
  return flow;
}

}  // namespace rondo::detail
