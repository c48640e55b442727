#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rondo/model/network.h"

namespace rondo {

/// A network as a layer: it records its layers, under names that begin with its own.
class NetworkLayer final : public Layer {
 public:
  /// `own`: nobody else has the network, which may then become one of another type.
  NetworkLayer(std::shared_ptr<Network> network, std::string name, bool own);

  const Network& network() const { return *network_; }

  std::string type() const override { return "network"; }
  Json config() const override { return Json::object({{"network", network_->spec()}}); }
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override;
  void declare(ParameterStore& parameters, const std::string& prefix) override;
  void initialize(ParameterStore& parameters, std::uint64_t seed) const override;
  Vars record(Tape& tape, std::span<const Var> inputs) const override;
  std::vector<StreamValue> stream(StreamPlan& plan, std::span<const StreamValue> inputs) const override;
  std::vector<Layer*> children() override;
  void forward(Call& call) const override;
  void backward(Call& call) const override;
  bool has_trainable_parameters() const override { return false; }

 private:
  std::shared_ptr<Network> network_;
  bool own_;
};

/// The layer that a spec {"type": "network", "name": …} describes, over the network of its "network".
LayerPtr network_layer_of(Network network, const Json& spec, const std::string& path);

/// Makes {"type": "network", "network": spec} known to make_layer, once.
void register_network_layer();

}  // namespace rondo
