// rondo's party of the benchmark: prepares one work at a time and times it on request (protocol.h).

#include <algorithm>
#include <span>
#include <vector>

#include "protocol.h"
#include "rondo/base/version.h"
#include "rondo/layers/layers.h"
#include "rondo/model/network.h"
#include "rondo/model/session.h"
#include "rondo/train/losses.h"
#include "rondo/train/optimizers.h"

namespace {

using namespace rondo;
using bench::given_array;

struct Sizes {
  std::int64_t inputs, batch, steps;
  explicit Sizes(const Json& request)
      : inputs(request.at("input").as_integer()),
        batch(request.at("batch").as_integer()),
        steps(request.at("steps").as_integer()) {}
};

int threads_of(const Json& request) { return static_cast<int>(request.at("threads").as_integer()); }

/// A network on a tape with its data: what all works share.
class NetworkWork : public bench::Work {
 protected:
  NetworkWork(const Json& request, const TensorFile& given, bool with_head)
      : pool_(threads_of(request)), tape_(DType::float32, &pool_) {
    const Sizes sizes(request);
    const Tensor& x = given_array(given, "x");
    std::vector<int> inputs = {network_.add_input("x", {true, sizes.steps, {sizes.inputs}})};
    // Equal lengths are no mask: only a ragged batch says which steps count.
    if (const Tensor* lengths = given.find("lengths")) {
      std::vector<std::int64_t> counts;
      for (std::int64_t b = 0; b < lengths->size(); ++b)
        counts.push_back(static_cast<std::int64_t>(lengths->at(b)));
      batches_.push_back(Samples::padded(x, counts));
    } else if (const Tensor* mask = given.find("mask")) {
      std::vector<std::uint8_t> used;
      for (std::int64_t i = 0; i < mask->size(); ++i) used.push_back(mask->at(i) != 0 ? 1 : 0);
      batches_.push_back(Samples::masked(x, used));
    } else {
      batches_.emplace_back(x);
    }
    for (int i = 0; given.find("state_" + std::to_string(i)) != nullptr; ++i) {
      const Tensor& state = given_array(given, "state_" + std::to_string(i));
      inputs.push_back(network_.add_input("state_" + std::to_string(i), {false, -1, {state.dim(1)}}));
      batches_.emplace_back(state);
    }
    const LayerPtr layer = make_layer(request.at("layer"));
    std::vector<int> values = {network_.add(layer, inputs)[0]};
    if (with_head) values = network_.add(dense({.units = 1, .name = "head"}), values);
    network_.set_outputs(values);
    network_.build(1);
    for (int i = 0; i < static_cast<int>(network_.parameters().infos().size()); ++i) {
      const std::string& name = network_.parameters().infos()[static_cast<std::size_t>(i)].name;
      // Parameters that no rival has (of the rows with options) keep rondo's own start.
      if (const Tensor* value = given.find(name)) network_.parameters().set(i, *value);
    }
  }

  std::vector<Var> forward(bool training) {
    tape_.reset({.training = training, .step = ++step_}, training);
    return network_.run(tape_, batches_);
  }

  Pool pool_;
  Tape tape_;
  Network network_;
  std::vector<Samples> batches_;
  std::uint64_t step_ = 0;
};

/// All outputs of the cell, no gradients.
class Forward : public NetworkWork {
 public:
  Forward(const Json& request, const TensorFile& given) : NetworkWork(request, given, false) {}
  void run() override { forward(false); }
  TensorFile outputs() override {
    const std::vector<Var> out = forward(false);
    return {{{"outputs", tape_.get(out[0]).to_padded(Samples::Fill::zero)}}, {}};
  }
};

/// All outputs of the cell, then the gradients of its weights from a dense gradient of the outputs; none of
/// the input.
class ForwardBackward : public NetworkWork {
 public:
  ForwardBackward(const Json& request, const TensorFile& given)
      : NetworkWork(request, given, false),
        d_outputs_(packed(batches_[0], given_array(given, "d_outputs"))) {}
  void run() override {
    network_.parameters().zero_gradients();
    const std::vector<Var> out = forward(true);
    tape_.backward(out, std::span<const Tensor>(&d_outputs_, 1));
  }
  TensorFile outputs() override {
    run();
    TensorFile file;
    for (std::size_t i = 0; i < network_.parameters().infos().size(); ++i)
      file.tensors.emplace_back("gradient." + network_.parameters().infos()[i].name,
                                network_.parameters().get_gradient(static_cast<int>(i)));
    return file;
  }

 private:
  /// [batch, time, units] as the rows of the batch's layout.
  static Tensor packed(const Samples& like, const Tensor& padded) {
    const Samples batch = Samples::padded(padded, like.layout()->lengths());
    return batch.values();
  }
  Tensor d_outputs_;
};

/// Cell → last step → Dense(1) → MSE → backward → Adam.
class TrainStep : public NetworkWork {
 public:
  TrainStep(const Json& request, const TensorFile& given)
      : NetworkWork(request, given, true),
        optimizer_(make_optimizer("adam")),
        loss_(make_loss("mse")),
        target_(given_array(given, "y")),
        gradient_(target_.shape()) {}

  void run() override { step(); }

  TensorFile outputs() override {
    const std::vector<Var> out = forward(false);
    TensorFile file;
    file.tensors.emplace_back("prediction", tape_.get(out[0]).values());
    Tensor losses({4});
    for (std::int64_t i = 0; i < losses.size(); ++i) losses.set(i, step());
    file.tensors.emplace_back("losses", losses);
    return file;
  }

 private:
  double step() {
    network_.parameters().zero_gradients();
    const std::vector<Var> out = forward(true);
    const double loss =
        loss_->value_and_gradient(tape_.value(out[0]).data, as_matrix(std::as_const(target_)), {},
                                  static_cast<double>(target_.dim(0)), as_matrix(gradient_));
    tape_.backward(out, std::span<const Tensor>(&gradient_, 1));
    optimizer_->step(network_.parameters());
    return loss;
  }

  std::unique_ptr<Optimizer> optimizer_;
  std::shared_ptr<const Loss> loss_;
  Tensor target_, gradient_;
};

/// One step of one stream; the state stays in the session.
class StreamStep : public NetworkWork {
 public:
  StreamStep(const Json& request, const TensorFile& given)
      : NetworkWork(request, given, false), session_(network_), x_(given_array(given, "x")) {
    y_.resize(static_cast<std::size_t>(session_.output_size()));
  }
  void run() override {
    const auto inputs = static_cast<std::size_t>(x_.dim(2));
    session_.step(std::as_const(x_).data<float>().subspan(now_ * inputs, inputs), y_);
    now_ = now_ + 1 == static_cast<std::size_t>(x_.dim(1)) ? 0 : now_ + 1;
  }
  TensorFile outputs() override {
    Tensor all({1, x_.dim(1), static_cast<std::int64_t>(y_.size())});
    auto place = all.data<float>().begin();
    for (std::int64_t t = 0; t < x_.dim(1); ++t) {
      run();
      place = std::ranges::copy(y_, place).out;
    }
    return {{{"outputs", all}}, {}};
  }

 private:
  Session session_;
  Tensor x_;
  std::vector<float> y_;
  std::size_t now_ = 0;
};

std::unique_ptr<bench::Work> open(const Json& request, const TensorFile& given) {
  const std::string& work = request.at("work").as_string();
  if (work == "forward") return std::make_unique<Forward>(request, given);
  if (work == "forward_backward") return std::make_unique<ForwardBackward>(request, given);
  if (work == "train_step" || work == "ragged_train") return std::make_unique<TrainStep>(request, given);
  if (work == "stream_step") return std::make_unique<StreamStep>(request, given);
  throw bench::Missing{"rondo's worker does not know the work " + work};
}

}  // namespace

int main() { return bench::serve("rondo " + std::string(kVersion), open); }
