#include <algorithm>

#include "rondo/layers/layers.h"
#include "rondo/model/network.h"
#include "rondo/tape/tape.h"
#include "tasks/online/learning/learner.h"
#include "tasks/online/learning/weight_sets.h"

namespace rondo::online {
namespace {

Network make_network(const OnlineOptions& options, std::int64_t inputs, std::int64_t targets) {
  Network network;
  const int x = network.add_input("x", {.sequence = true, .features = {inputs}});
  RecurrentOptions cell{.units = options.units};
  cell.return_sequences = true;
  const auto h = network.add(recurrent(options.cell, cell), {x});
  // Before it has learnt anything the network says 0: the forecast is that of the linear model.
  network.set_outputs(network.add(dense({.units = targets, .kernel_initializer = "zeros"}), h));
  network.build(options.seed);
  return network;
}

/// A set of weights that steps through the stream.
struct Stream {
  Network network;
  Tape tape;
  CarriedState states;
  Samples row;  // [1, 1, inputs]

  Stream(const OnlineOptions& options, std::int64_t inputs, std::int64_t targets)
      : network(make_network(options, inputs, targets)), row(Tensor({1, 1, inputs})) {}

  Vars run(const Samples& batch, CarriedState& carried, bool differentiating) {
    RunOptions options{.carried = &carried, .carry_all = true};
    tape.reset(options, differentiating);
    const std::span<Var> input = tape.vars(1);
    input[0] = tape.input(batch);
    return network.run(tape, std::span<const Var>(input));
  }
  void step(std::span<const float> inputs, std::span<float> outputs) {
    std::copy(inputs.begin(), inputs.end(), row.values().data<float>().begin());
    const Vars y = run(row, states, false);
    const Matrix& data = tape.value(y[0]).data;
    std::copy_n(static_cast<const float*>(data.data), outputs.size(), outputs.begin());
  }
};

std::int64_t state_size(const CarriedState& states) {
  std::int64_t size = 0;
  for (const CarriedState::Entry& entry : states.entries) {
    for (const Tensor& state : entry.states) size += state.size();
  }
  return size;
}
/// All states one after another, and back.
void copy_out(const CarriedState& states, std::span<float> to) {
  auto at = to.begin();
  for (const CarriedState::Entry& entry : states.entries) {
    for (const Tensor& state : entry.states) {
      const auto values = state.data<float>();
      at = std::copy(values.begin(), values.end(), at);
    }
  }
}
void copy_in(std::span<const float> from, CarriedState& states) {
  auto at = from.begin();
  for (CarriedState::Entry& entry : states.entries) {
    for (Tensor& state : entry.states) {
      const auto values = state.data<float>();
      std::copy_n(at, values.size(), values.begin());
      at += state.size();
    }
  }
}

class TruncatedLearner : public Learner {
 public:
  TruncatedLearner(const OnlineOptions& options, std::int64_t inputs, std::int64_t targets)
      : every_(options.every),
        chunk_((options.chunk + every_ - 1) / every_ * every_),
        streams_{Stream(options, inputs, targets), Stream(options, inputs, targets),
                 Stream(options, inputs, targets)},
        sets_(options, streams_[live].network.parameters(), streams_[mean].network.parameters(),
              streams_[good].network.parameters()) {
    // A first step makes the states' arrays; then they begin at zero.
    std::vector<float> nothing(static_cast<std::size_t>(targets));
    const std::vector<float> zeros(static_cast<std::size_t>(inputs));
    for (Stream& stream : streams_) stream.step(zeros, nothing);
    zero_.assign(static_cast<std::size_t>(state_size(streams_[live].states)), 0);
    for (Stream& stream : streams_) copy_in(zero_, stream.states);
    chunk_states_ = streams_[live].states;
    starts_ = RecentRows<float>(chunk_ / every_ + options.horizon / every_ + 3,
                                static_cast<std::int64_t>(zero_.size()));
    for (std::int64_t rows = every_; rows <= chunk_; rows += every_) {
      chunks_.emplace_back(Tensor({1, rows, inputs}));
      gradients_.emplace_back().emplace_back(Tensor({rows, targets}));
    }
  }

  void step(std::int64_t row, std::span<const float> inputs,
            std::span<const std::span<float>> outputs) override {
    if (row % every_ == 0) copy_out(streams_[live].states, starts_[row / every_]);
    for (std::size_t k = 0; k < kinds; ++k) streams_[k].step(inputs, outputs[k]);
  }

  bool learn(const History& history, std::int64_t known) override {
    if (known % every_ != 0) return true;
    const std::int64_t rows = std::min(known, chunk_), first = known - rows;
    const auto size = static_cast<std::size_t>(rows / every_ - 1);
    Samples& batch = chunks_[size];
    auto at = batch.values().data<float>().begin();
    for (std::int64_t row = first; row < known; ++row) {
      const auto inputs = history.inputs[row];
      at = std::copy(inputs.begin(), inputs.end(), at);
    }
    copy_in(starts_[first / every_], chunk_states_);
    Stream& stream = streams_[live];
    const Vars y = stream.run(batch, chunk_states_, true);
    const auto* output = static_cast<const float*>(stream.tape.value(y[0]).data.data);
    float* gradient = gradients_[size][0].data<float>().data();
    const float share = 1.0F / static_cast<float>(rows);
    for (std::int64_t row = first; row < known; ++row) {
      for (const float aim : history.aims[row]) *gradient++ = share * huber_gradient(*output++, aim);
    }
    stream.network.parameters().zero_gradients();
    stream.tape.backward(y, gradients_[size]);
    return sets_.step();
  }
  std::int64_t look_back() const override { return chunk_; }

  void keep() override {
    sets_.keep();
    streams_[good].states = streams_[mean].states;
  }
  void roll_back() override {
    sets_.roll_back();
    streams_[live].states = streams_[good].states;
    streams_[mean].states = streams_[good].states;
  }

  void archive(tasks::Archive& archive) override {
    sets_.archive(archive);
    starts_.archive(archive, "starts");
    constexpr const char* kNames[] = {"live_state", "mean_state", "good_state"};
    for (std::size_t k = 0; k < kinds; ++k) {
      std::vector<float> values(zero_.size());
      copy_out(streams_[k].states, values);
      archive.array(kNames[k], values);
      copy_in(values, streams_[k].states);
    }
  }

 private:
  std::int64_t every_, chunk_;
  std::array<Stream, kinds> streams_;
  WeightSets sets_;
  std::vector<float> zero_;
  CarriedState chunk_states_;
  RecentRows<float> starts_;  // states before every row that `every` divides
  std::vector<Samples> chunks_;
  std::vector<std::vector<Tensor>> gradients_;
};

}  // namespace

std::unique_ptr<Learner> make_truncated_learner(const OnlineOptions& options, std::int64_t inputs,
                                                std::int64_t targets) {
  return std::make_unique<TruncatedLearner>(options, inputs, targets);
}

}  // namespace rondo::online
