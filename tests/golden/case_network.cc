#include "golden/case_network.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "rondo/base/error.h"
#include "rondo/tape/layer.h"

namespace rondo::golden {
namespace {

bool takes_ids(const GoldenCase& golden) {
  return golden.spec("layers").as_array().front().at("type").as_string() == "embedding";
}

Samples make_batch(const GoldenCase& golden, const std::string& name, const Tensor& values, DType dtype) {
  const Json* mask = name == "x" ? golden.find_input("mask") : nullptr;
  if (takes_ids(golden)) return Samples::tokens(values.cast(dtype));
  if (mask != nullptr) return Samples::masked(values.cast(dtype), mask_bytes(golden.tensor(*mask)));
  return Samples(values.cast(dtype));
}

}  // namespace

std::vector<std::uint8_t> mask_bytes(const Tensor& mask) {
  std::vector<std::uint8_t> bytes;
  for (std::int64_t i = 0; i < mask.size(); ++i) bytes.push_back(mask.at(i) != 0 ? 1 : 0);
  return bytes;
}

Tensor packed_rows(const Layout& layout, const Tensor& padded, const Mask& mask) {
  const std::int64_t batch = padded.dim(0), steps = padded.dim(1),
                     width = padded.size() / std::max<std::int64_t>(batch * steps, 1);
  const auto fail = [](const std::string& what, std::int64_t seen, std::int64_t expected) {
    throw Error(ErrorKind::check_failed, what).seen(std::to_string(seen)).expected(std::to_string(expected));
  };
  if (layout.batch() != batch) fail("another batch size", layout.batch(), batch);
  Tensor rows({layout.total(), width}, DType::float64);
  for (std::int64_t b = 0; b < batch; ++b) {
    std::int64_t step = 0;
    const std::int64_t length = layout.lengths()[static_cast<std::size_t>(b)];
    for (std::int64_t t = 0; t < steps; ++t) {
      if (mask && mask->at(b * steps + t) == 0) continue;
      if (step < length) {
        const std::int64_t row = layout.offset(step) + layout.place()[static_cast<std::size_t>(b)];
        for (std::int64_t c = 0; c < width; ++c)
          rows.set(row * width + c, padded.at((b * steps + t) * width + c));
      }
      ++step;
    }
    if (step != length) fail("another length of sequence " + std::to_string(b), length, step);
  }
  return rows;
}

Tensor rows_of(const Samples& output, const Tensor& expected, const Mask& mask) {
  return output.is_sequence() ? packed_rows(*output.layout(), expected, mask) : expected;
}

CaseNetwork::CaseNetwork(const GoldenCase& golden, DType dtype) : golden_(golden), network_(dtype) {
  add_inputs();
  add_layers();
  network_.build(1);
  load_weights();
}

void CaseNetwork::add_inputs() {
  for (const char* name : {"x", "x2"}) {
    if (golden_.find_input(name) == nullptr) continue;
    batches_.push_back(make_batch(golden_, name, golden_.input(name), dtype()));
    names_.emplace_back(name);
  }
  if (const Json* states = golden_.find_input("initial_state")) {
    for (const Tensor& state : golden_.tensors(*states)) {
      batches_.emplace_back(state.cast(dtype()));
      names_.push_back("state" + std::to_string(states_++));
    }
  }
}

void CaseNetwork::add_layers() {
  std::map<std::string, int> values;
  std::vector<int> state_ids, previous;
  for (std::size_t i = 0; i < batches_.size(); ++i) {
    const int id = network_.add_input(names_[i], spec_of(batches_[i]));
    values[names_[i]] = id;
    if (i + states_ >= batches_.size()) state_ids.push_back(id);
  }
  previous = {values.at("x")};
  for (Json layer : golden_.spec("layers").as_array()) {
    std::vector<int> inputs = {previous.front()};
    if (const Json* names = layer.find("inputs")) {
      inputs.clear();
      for (const Json& name : names->as_array()) inputs.push_back(values.at(name.as_string()));
      layer.erase("inputs");
    }
    if (make_layer(layer)->is_recurrent()) {
      inputs.insert(inputs.end(), state_ids.begin(), state_ids.end());
      state_ids.clear();
    }
    previous = network_.add(make_layer(layer), inputs);
    values[layer.at("name").as_string()] = previous.front();
  }
  if (const Json* names = golden_.meta().at("spec").find("outputs")) {
    previous.clear();
    for (const Json& name : names->as_array()) previous.push_back(values.at(name.as_string()));
  }
  network_.set_outputs(previous);
}

void CaseNetwork::load_weights() {
  ParameterStore& parameters = network_.parameters();
  const auto& weights = golden_.meta().at("weights").as_object();
  for (const auto& [name, tensor] : weights) {
    const int index = parameters.find(name);
    if (index < 0) throw Error(ErrorKind::check_failed, "the network lacks the parameter '" + name + "'");
    parameters.set(index, golden_.tensor(tensor).cast(dtype()));
  }
  if (parameters.infos().size() != weights.size()) {
    throw Error(ErrorKind::check_failed, "the network has parameters that the oracle lacks")
        .seen(std::to_string(parameters.infos().size()) + " parameters")
        .expected(std::to_string(weights.size()));
  }
}

std::vector<Var> CaseNetwork::run(Tape& tape, bool training) {
  tape.reset({.training = training});
  inputs_.clear();
  for (const Samples& batch : batches_) inputs_.push_back(tape.input(batch, !takes_ids(golden_)));
  return network_.run(tape, std::span<const Var>(inputs_));
}

void CaseNetwork::compare_gradients(const Tape& tape, Comparison& comparison) const {
  struct Gradient {
    std::string label;
    Tensor seen, expected;
  };
  std::vector<Gradient> gradients;
  const Json* states = golden_.find_expected("grad_initial_state");
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const std::string label = "grad_" + names_[i];
    const std::size_t first_state = inputs_.size() - states_;
    const Json* name = i >= first_state ? &states->as_array()[i - first_state] : golden_.find_expected(label);
    if (name == nullptr) continue;
    Mask mask;
    if (const Json* given = golden_.find_input("mask"); given != nullptr && i == 0)
      mask = golden_.tensor(*given);
    gradients.push_back(
        {label, tape.gradient(inputs_[i]), rows_of(batches_[i], golden_.tensor(*name), mask)});
  }
  const ParameterStore& parameters = network_.parameters();
  for (const auto& [name, tensor] : golden_.meta().at("expected").at("grad_weights").as_object()) {
    gradients.push_back(
        {"grad " + name, parameters.get_gradient(parameters.find(name)), golden_.tensor(tensor)});
  }
  double largest = 0;
  for (const Gradient& gradient : gradients)
    largest = std::max(largest, largest_magnitude(gradient.expected));
  for (const Gradient& gradient : gradients) {
    comparison.compare(gradient.label, gradient.seen, gradient.expected,
                       gradient_tolerance(dtype(), largest));
  }
}

void CaseNetwork::compare_parameters(const std::string& group, Tolerance tolerance,
                                     Comparison& comparison) const {
  const Json* names = golden_.find_expected(group);
  if (names == nullptr) return;
  const ParameterStore& parameters = network_.parameters();
  for (const auto& [name, tensor] : names->as_object()) {
    comparison.compare(group + " " + name, parameters.get(parameters.find(name)), golden_.tensor(tensor),
                       tolerance);
  }
}

}  // namespace rondo::golden
