#include <algorithm>

#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/model/network.h"

// Networks made of other networks' layers, and weights that go from one to another.

namespace rondo {

Network Network::part(std::span<const std::string> inputs, std::span<const std::string> outputs) const {
  std::vector<std::string> names;
  for (int id = 0; id < static_cast<int>(values_.size()); ++id) names.push_back(value_name(id));
  const auto value_of = [&](const std::string& name) {
    const auto found = std::ranges::find(names, name);
    if (found != names.end()) return static_cast<int>(found - names.begin());
    throw Error(ErrorKind::usage, "the network has no value '" + name + "'")
        .expected("one of " + detail::listed(names))
        .fix(detail::did_you_mean(name, names));
  };
  constexpr int kUnknown = -1;
  std::vector<int> there(values_.size(), kUnknown);  // by value: its id in the part
  Network out(parameters_.dtype());
  for (const std::string& name : inputs) {
    const int id = value_of(name);
    const ValueInfo& value = values_[static_cast<std::size_t>(id)];
    const auto input = std::ranges::find(inputs_, id, &Input::value);
    there[static_cast<std::size_t>(id)] =
        out.add_input(input == inputs_.end() ? name : input->name, value.spec);
  }
  // What the outputs need, from the last layer to the first.
  std::vector<bool> needed(values_.size(), false);
  for (const std::string& name : outputs) needed[static_cast<std::size_t>(value_of(name))] = true;
  std::vector<bool> used(nodes_.size(), false);
  for (std::size_t n = nodes_.size(); n-- > 0;) {
    const auto is_asked = [&](int id) {
      return needed[static_cast<std::size_t>(id)] && there[static_cast<std::size_t>(id)] == kUnknown;
    };
    used[n] = std::ranges::any_of(nodes_[n].outputs, is_asked);
    if (!used[n]) continue;
    for (const int id : nodes_[n].inputs) needed[static_cast<std::size_t>(id)] = true;
  }
  for (const Input& input : inputs_) {
    const auto at = static_cast<std::size_t>(input.value);
    if (!needed[at] || there[at] != kUnknown) continue;
    throw Error(ErrorKind::usage, "the outputs need an input that the part does not have")
        .seen("'" + input.name + "'")
        .fix("name it among the inputs, or a value that comes after it");
  }
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    if (!used[n]) continue;
    std::vector<int> arguments;
    for (const int id : nodes_[n].inputs) arguments.push_back(there[static_cast<std::size_t>(id)]);
    const std::vector<int> results = out.add(nodes_[n].layer, arguments);
    for (std::size_t i = 0; i < results.size(); ++i) {
      int& id = there[static_cast<std::size_t>(nodes_[n].outputs[i])];
      if (id == kUnknown) id = results[i];
    }
  }
  std::vector<int> ids;
  for (const std::string& name : outputs) ids.push_back(there[static_cast<std::size_t>(value_of(name))]);
  out.set_outputs(std::move(ids));
  if (built_) out.build(0);  // all weights are there
  return out;
}

CopiedWeights copy_weights(const Network& from, Network& to) {
  CopiedWeights report;
  const ParameterStore& source = from.parameters();
  ParameterStore& target = to.parameters();
  for (std::size_t i = 0; i < source.infos().size(); ++i) {
    const ParameterInfo& info = source.infos()[i];
    const int at = target.find(info.name);
    if (at < 0) {
      report.unused.push_back(info.name);
      continue;
    }
    const Shape& shape = target.infos()[static_cast<std::size_t>(at)].shape;
    if (shape != info.shape) {
      report.misshaped.push_back(info.name + " " + to_string(info.shape) + " and " + to_string(shape));
      continue;
    }
    target.set(at, source.get(static_cast<int>(i)));
    report.copied.push_back(info.name);
  }
  for (const ParameterInfo& info : target.infos()) {
    if (source.find(info.name) < 0) report.missing.push_back(info.name);
  }
  return report;
}

}  // namespace rondo
