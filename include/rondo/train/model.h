#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rondo/base/pool.h"
#include "rondo/layers/layers.h"
#include "rondo/model/network.h"
#include "rondo/train/training.h"

namespace rondo {

/// A network with all that Keras's users expect of a model: compile, fit, evaluate, predict, save, load,
/// summary.
///
///     Sequential model({lstm({.units = 50}), dense({.units = 1})});
///     model.compile({.optimizer = "adam", .loss = "mse", .metrics = {"mae"}});
///     model.fit(x, y, {.epochs = 10, .validation_split = 0.2});
///     Tensor forecast = model.predict(x_new).values();
class Model {
 public:
  virtual ~Model() = default;
  Model(Model&&) noexcept = default;
  Model& operator=(Model&&) noexcept = default;

  /// How it is trained. The model need not be built yet.
  void compile(CompileOptions options);

  History fit(const Dataset& data, const FitOptions& options = {});
  /// Reads x and y where they are: nothing is copied but the samples of a batch. ViewDataset does the same
  /// for arrays of one's own.
  History fit(const Samples& x, const Samples& y, const FitOptions& options = {});
  History fit(const Tensor& x, const Tensor& y, const FitOptions& options = {});
  NamedValues evaluate(const Dataset& data, const EvaluateOptions& options = {});
  NamedValues evaluate(const Samples& x, const Samples& y, const EvaluateOptions& options = {});
  NamedValues evaluate(const Tensor& x, const Tensor& y, const EvaluateOptions& options = {});
  std::vector<Samples> predict(const Dataset& data, const PredictOptions& options = {});
  Samples predict(const Samples& x, const PredictOptions& options = {});  ///< one input, one output
  Samples predict(const Tensor& x, const PredictOptions& options = {});
  const NamedValues& train_on_batch(const Batch& batch);
  const NamedValues& test_on_batch(const Batch& batch);
  void reset_states();

  /// Takes the parameters' memory and fills it. Done by fit and predict where it has not been done.
  void build(std::uint64_t seed = 0);
  /// For the parameters of a model that is not built yet. CompileOptions::seed does the same.
  void set_seed(std::uint64_t seed) { seed_ = seed; }
  /// Threads for the layers; results do not depend on their number. 0: one a core.
  void set_threads(std::int64_t threads);

  /// One atomic file (safetensors with the spec in its metadata): the model, and how it was compiled where it
  /// was.
  void save(const std::string& path) const;
  /// Any model that `save` or a checkpoint wrote, compiled again if it was. Error(model_file) for anything
  /// else.
  static Model load(const std::string& path);

  /// A layer, to add it to another model, to freeze it, to look at its parameters. Weights belong to layers:
  /// models that have the same one share them.
  LayerPtr layer(std::string_view name) const { return network().layer(name); }
  /// The whole model as a layer of others, which shares all weights with it.
  LayerPtr as_layer(std::string name = {});
  /// A part of the model, from some of its values to others, with the same layers; see Network::part.
  Model part(std::vector<std::string> inputs, std::vector<std::string> outputs) const;
  /// Freezes or thaws every layer; see Layer::set_trainable.
  void set_trainable(bool trainable) { network().set_trainable(trainable); }

  /// Copies of all weights by name ("lstm.kernel"), and back. set_weights throws Error(usage), and changes
  /// nothing, when a name or a shape is not the model's; names that are not given stay as they are.
  std::vector<std::pair<std::string, Tensor>> get_weights() const;
  Tensor get_weight(const std::string& name) const;
  void set_weights(const std::vector<std::pair<std::string, Tensor>>& weights);
  /// Copies what has the same name and shape in another model; the report says what was left alone.
  CopiedWeights copy_weights_of(const Model& other) { return copy_weights(other.network(), network()); }

  std::string summary(const std::string& title = "model") const;
  /// The network that was built, or an error that says how to build it.
  Network& network();
  const Network& network() const;
  Trainer& trainer();
  Optimizer& optimizer() { return trainer().optimizer(); }

 protected:
  Model() = default;
  /// What a Sequential is made of: its network is made when the first data tell what the input looks like.
  struct Chain {
    std::vector<LayerPtr> layers;
    std::optional<ValueShape> input = {};
    DType dtype = DType::float32;
  };
  explicit Model(Chain chain) : chain_(std::move(chain)) {}
  void add_layer(LayerPtr layer);

 private:
  friend class GraphBuilder;
  explicit Model(Network network) : network_(std::make_shared<Network>(std::move(network))) {}
  std::shared_ptr<Network> make_network(std::span<const ValueShape> inputs) const;
  /// The trainer of a compiled model, built for data like these.
  template <class Data>
  Trainer& compiled(const Data& data);
  void ensure_built(const Batch& example);
  void ensure_built(const Dataset& data);

  std::optional<Chain> chain_;  // here, so that a Sequential may be moved into a Model
  std::shared_ptr<Network> network_;
  std::unique_ptr<Pool> pool_;
  std::optional<CompileOptions> compiled_;
  std::unique_ptr<Trainer> trainer_;
  std::uint64_t seed_ = 0;
};

/// A chain of layers.
class Sequential : public Model {
 public:
  /// The input's shape is taken from the first data (sequences may then have any number of steps).
  explicit Sequential(std::vector<LayerPtr> layers = {}, DType dtype = DType::float32);
  /// With the input's shape, so that summary() and network() work at once.
  Sequential(ValueShape input, std::vector<LayerPtr> layers, DType dtype = DType::float32);

  /// Layers that are built already keep their weights. A model that was trained is to be compiled again, as
  /// its optimiser knows nothing of the new ones.
  Sequential& add(LayerPtr layer);
};

/// A graph with several inputs and outputs:
///
///     GraphBuilder g;
///     auto x = g.input("x", {.sequence = true, .features = {3}});
///     auto h = g.apply(lstm({.units = 8}), {x});
///     auto y = g.apply(dense({.units = 1}), {h});
///     Model model = g.model({y});
class GraphBuilder {
 public:
  struct Node {
    int id = -1;
  };
  explicit GraphBuilder(DType dtype = DType::float32) : network_(dtype) {}

  Node input(std::string name, ValueShape spec);
  /// The first output of the layer. Applying the same layer again shares its parameters.
  Node apply(LayerPtr layer, std::vector<Node> inputs);
  /// All outputs: sequence and states of lstm({.return_state = true}) and the like.
  std::vector<Node> apply_all(LayerPtr layer, std::vector<Node> inputs);
  Model model(std::vector<Node> outputs, std::uint64_t seed = 0) &&;
  Model model(std::vector<Node> outputs, std::uint64_t seed = 0) & {
    return std::move(*this).model(std::move(outputs), seed);
  }

 private:
  Network network_;
};

}  // namespace rondo
