#include "model/network_layer.h"

#include <mutex>
#include <utility>

#include "rondo/base/error.h"
#include "rondo/layers/registration.h"

namespace rondo {

NetworkLayer::NetworkLayer(std::shared_ptr<Network> network, std::string name, bool own)
    : network_(std::move(network)), own_(own) {
  if (!network_) throw Error(ErrorKind::usage, "a null network was made a layer");
  if (!name.empty()) set_name(std::move(name));
}

std::vector<ValueShape> NetworkLayer::infer(std::span<const ValueShape> inputs) {
  return network_->infer(inputs);
}

void NetworkLayer::declare(ParameterStore& parameters, const std::string& prefix) {
  if (own_ && network_->parameters().dtype() != parameters.dtype())
    network_ = std::make_shared<Network>(Network::from_spec(network_->spec(), parameters.dtype()));
  network_->declare();
  parameters.share_all(network_->parameters(), 0, prefix);
}

void NetworkLayer::initialize(ParameterStore&, std::uint64_t seed) const { network_->build(seed); }

Vars NetworkLayer::record(Tape& tape, std::span<const Var> inputs) const {
  const Tape::Place place(tape, name() + ".");
  return network_->record(tape, inputs);
}

std::vector<StreamValue> NetworkLayer::stream(StreamPlan& plan, std::span<const StreamValue> inputs) const {
  return network_->stream(plan, inputs, plan.name() + ".");
}

std::vector<Layer*> NetworkLayer::children() {
  std::vector<Layer*> all;
  for (const Network::Node& node : network_->nodes_) {
    if (!node.shares) all.push_back(node.layer.get());
  }
  return all;
}

void NetworkLayer::forward(Call&) const {
  fail("this layer is made of others", "apply()", "record()",
       "put it on a tape with layer->record(tape, inputs)");
}
void NetworkLayer::backward(Call&) const {}

void register_network_layer() {
  static std::once_flag once;
  std::call_once(once, [] {
    register_layer("network", [](const Json& spec, const std::string& path) {
      return network_layer_of(Network::from_spec(spec.at("network", path)), spec, path);
    });
  });
}

LayerPtr network_layer_of(Network network, const Json& spec, const std::string& path) {
  const Json* name = spec.find("name");
  return std::make_shared<NetworkLayer>(std::make_shared<Network>(std::move(network)),
                                        name == nullptr ? std::string() : name->as_string(path + ".name"),
                                        true);
}

LayerPtr network_layer(std::shared_ptr<Network> network, std::string name) {
  return std::make_shared<NetworkLayer>(std::move(network), std::move(name), false);
}

}  // namespace rondo
