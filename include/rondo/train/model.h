#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
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
  History fit(const Samples& x, const Samples& y, const FitOptions& options = {});
  NamedValues evaluate(const Dataset& data, const EvaluateOptions& options = {});
  NamedValues evaluate(const Samples& x, const Samples& y, const EvaluateOptions& options = {});
  std::vector<Samples> predict(const Dataset& data, std::int64_t batch_size = 32);
  Samples predict(const Samples& x, std::int64_t batch_size = 32);  ///< one input, one output
  const NamedValues& train_on_batch(const Batch& batch);
  const NamedValues& test_on_batch(const Batch& batch);
  void reset_states();

  /// Takes the parameters' memory and fills it. Done by fit and predict where it has not been done.
  void build(std::uint64_t seed = 0);
  /// For the parameters of a model that is not built yet.
  void set_seed(std::uint64_t seed) { seed_ = seed; }
  /// Threads for the layers; results do not depend on their number. 0: one a core. Before compile or fit.
  void set_threads(std::int64_t threads);

  /// One atomic file (safetensors with the spec in its metadata): the model, and how it was compiled where it
  /// was.
  void save(const std::string& path) const;
  /// Any model that `save` or a checkpoint wrote, compiled again if it was. Error(model_file) for anything
  /// else.
  static Model load(const std::string& path);

  std::string summary(const std::string& title = "model") const;
  /// The network that was built, or an error that says how to build it.
  Network& network();
  const Network& network() const;
  Trainer& trainer();
  Optimizer& optimizer() { return trainer().optimizer(); }

 protected:
  Model() = default;

  /// Makes the network when the first data tell what the inputs look like; see Sequential.
  virtual std::unique_ptr<Network> make_network(std::span<const ValueShape> inputs) const;

 private:
  friend class GraphBuilder;
  explicit Model(Network network) : network_(std::make_unique<Network>(std::move(network))) {}
  /// The trainer of a compiled model, built for data like these.
  template <class Data>
  Trainer& compiled(const Data& data);
  void ensure_built(const Batch& example);
  void ensure_built(const Dataset& data);

  std::unique_ptr<Network> network_;
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

  /// Only before the model is built.
  Sequential& add(LayerPtr layer);

 protected:
  std::unique_ptr<Network> make_network(std::span<const ValueShape> inputs) const override;

 private:
  std::vector<LayerPtr> layers_;
  std::optional<ValueShape> input_;
  DType dtype_ = DType::float32;
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
