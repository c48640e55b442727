#include <algorithm>
#include <array>

#include "rondo/tensor/parameters.h"
#include "tasks/online/learning/diagonal_cell.h"
#include "tasks/online/learning/learner.h"
#include "tasks/online/learning/weight_sets.h"

namespace rondo::online {
namespace {

/// Largest recurrent weight of a cell without gates, such as IndRNN: beyond, a state of no input would grow
/// (Li et al. 2018, section 4.1).
constexpr float kLargestRecurrence = 1;

class RealTimeLearner : public Learner {
 public:
  RealTimeLearner(const OnlineOptions& options, std::int64_t inputs, std::int64_t targets)
      : cell_{.cell = kernels::find_cell(options.cell), .inputs = inputs, .units = options.units},
        every_(options.every),
        stepper_(cell_),
        stores_(make_stores(options, targets)),
        sets_(options, stores_[live], stores_[mean], stores_[good]),
        influence_(static_cast<std::size_t>(cell_.weight_count())),
        gradient_(influence_.size()),
        state_(static_cast<std::size_t>(cell_.units)),
        d_state_(state_.size()),
        output_(static_cast<std::size_t>(targets)) {
    head_gradient_.resize(state_.size() * output_.size());
    head_bias_gradient_.resize(output_.size());
    for (auto& state : states_) state.assign(state_.size(), 0);
  }

  void step(std::int64_t, std::span<const float> inputs, std::span<const std::span<float>> outputs) override {
    for (std::size_t k = 0; k < kinds; ++k) {
      stepper_.step(part(k, kCell), inputs, std::span<float>(states_[k]));
      say(k, states_[k], outputs[k]);
    }
  }

  /// Learning goes its own way through the stream, `horizon` rows behind: its state is that of the row whose
  /// aim has come.
  bool learn(const History& history, std::int64_t known) override {
    const std::int64_t row = known - 1;
    stepper_.step(part(live, kCell), history.inputs[row], std::span<float>(state_),
                  std::span<float>(influence_));
    say(live, state_, output_);
    const auto aims = history.aims[row];
    const std::span<const float> head = part(live, kHead);
    std::fill(d_state_.begin(), d_state_.end(), 0.0F);
    for (std::size_t d = 0; d < output_.size(); ++d) {
      const float error = huber_gradient(output_[d], aims[d]);
      head_bias_gradient_[d] += error;
      for (std::size_t u = 0; u < state_.size(); ++u) {
        d_state_[u] += error * head[d * state_.size() + u];
        head_gradient_[d * state_.size() + u] += error * state_[u];
      }
    }
    stepper_.add_gradient(d_state_, influence_, gradient_);
    if (known % every_ != 0) return true;
    return update();
  }
  std::int64_t look_back() const override { return 1; }

  void keep() override {
    sets_.keep();
    states_[good] = states_[mean];
  }
  void roll_back() override {
    sets_.roll_back();
    states_[live] = states_[mean] = state_ = states_[good];
    std::fill(influence_.begin(), influence_.end(), 0.0F);
    // What has added up since the optimiser's last step belongs to the weights that are gone.
    for (auto* gradient : {&gradient_, &head_gradient_, &head_bias_gradient_})
      std::fill(gradient->begin(), gradient->end(), 0.0F);
  }

  void archive(tasks::Archive& archive) override {
    sets_.archive(archive);
    archive.array("live_state", states_[live]);
    archive.array("mean_state", states_[mean]);
    archive.array("good_state", states_[good]);
    archive.array("learning_state", state_);
    archive.array("influence", influence_);
    archive.array("gradient", gradient_);
    archive.array("head_gradient", head_gradient_);
    archive.array("head_bias_gradient", head_bias_gradient_);
  }

 private:
  enum Part { kCell, kHead, kHeadBias };

  std::array<ParameterStore, kinds> make_stores(const OnlineOptions& options, std::int64_t targets) const {
    ParameterStore store;
    store.declare("cell", {cell_.weight_rows(), cell_.weight_columns()});
    store.declare("head", {targets, cell_.units});  // zero: at first the network says nothing
    store.declare("head_bias", {targets});
    store.allocate();
    initialize_diagonal_cell(cell_, options.seed, numbers(store.value(kCell)));
    return {store, store, store};
  }
  static std::span<float> numbers(const Matrix& array) {
    return {array.view<float>().data, static_cast<std::size_t>(array.rows * array.cols)};
  }
  /// One array of a set of weights.
  std::span<const float> part(std::size_t kind, Part which) const {
    const ConstMatrix array = stores_[kind].value(which);
    return {array.view<float>().data, static_cast<std::size_t>(array.rows * array.cols)};
  }
  void say(std::size_t kind, std::span<const float> state, std::span<float> output) const {
    const std::span<const float> head = part(kind, kHead), bias = part(kind, kHeadBias);
    for (std::size_t d = 0; d < output.size(); ++d) {
      float sum = bias[d];
      for (std::size_t u = 0; u < state.size(); ++u) sum += head[d * state.size() + u] * state[u];
      output[d] = sum;
    }
  }

  bool update() {
    ParameterStore& store = stores_[live];
    const auto into = [&](Part which, std::vector<float>& from) {
      const auto to = numbers(store.mutable_gradient(which));
      const float share = 1.0F / static_cast<float>(every_);
      std::transform(from.begin(), from.end(), to.begin(), [share](float value) { return share * value; });
      std::fill(from.begin(), from.end(), 0.0F);
    };
    into(kCell, gradient_);
    into(kHead, head_gradient_);
    into(kHeadBias, head_bias_gradient_);
    if (!sets_.step()) return false;
    if (!cell_.cell->info.gated) {
      const auto weights = numbers(store.value(kCell));
      const auto first = weights.begin() + cell_.inputs * cell_.weight_columns();
      for (auto u = first; u != first + cell_.units; ++u)
        *u = std::clamp(*u, -kLargestRecurrence, kLargestRecurrence);
    }
    return true;
  }

  DiagonalCell cell_;
  std::int64_t every_;
  DiagonalStepper<float> stepper_;
  std::array<ParameterStore, kinds> stores_;
  WeightSets sets_;
  std::array<std::vector<float>, kinds> states_;
  // Of the way that learns. Gradients add up between two steps of the optimiser.
  std::vector<float> influence_, gradient_, state_, d_state_, output_;
  std::vector<float> head_gradient_, head_bias_gradient_;
};

}  // namespace

std::unique_ptr<Learner> make_real_time_learner(const OnlineOptions& options, std::int64_t inputs,
                                                std::int64_t targets) {
  return std::make_unique<RealTimeLearner>(options, inputs, targets);
}

}  // namespace rondo::online
