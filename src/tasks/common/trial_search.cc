#include "tasks/common/trial_search.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/order_statistics.h"

namespace rondo::tasks {

namespace {

constexpr std::int64_t kMaxTrials = 200;
constexpr double kWorse = 1.1;
constexpr std::size_t kTrialsBeforePruning = 3;

}  // namespace

double TrialSearch::steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

TrialSearch::TrialSearch(double seconds, std::int64_t epochs, std::function<double()> clock)
    : seconds_(seconds), epochs_(epochs), clock_(std::move(clock)), start_(clock_()) {}

bool TrialSearch::next() {
  const double spent = clock_() - start_;
  if (number_ >= 0) {
    ++outcome_.trials;
    outcome_.pruned += given_up_ ? 1 : 0;
    if (!given_up_) curves_.push_back(curve_);
    longest_ = std::max(longest_, spent - begin_);
    if (outcome_.trials == kMaxTrials || spent + longest_ > seconds_) return false;
  }
  ++number_;
  begin_ = spent;
  curve_.clear();
  given_up_ = false;
  return true;
}

bool TrialSearch::is_hopeless() const {
  if (curve_.size() < kTrialsBeforePruning || 4 * static_cast<std::int64_t>(curve_.size()) < epochs_) {
    return false;
  }
  std::vector<double> others;
  for (const auto& other : curves_) {
    if (other.size() >= curve_.size()) others.push_back(other[curve_.size() - 1]);
  }
  return others.size() >= kTrialsBeforePruning && curve_.back() > kWorse * detail::median_of(others);
}

CallbackPtr TrialSearch::watch() {
  auto watch = std::make_shared<LambdaCallback>();
  watch->epoch_end = [this](TrainingRun& run, NamedValues& logs) {
    for (const auto& [name, value] : logs) {
      if (name == "val_loss") curve_.push_back(value);
    }
    if (!is_hopeless()) return;
    given_up_ = true;
    run.stop();
  };
  return watch;
}

bool TrialSearch::improves(double error) {
  if (number_ == 0) outcome_.before = outcome_.after = error;
  if (number_ > 0 && !(error < outcome_.after)) return false;
  outcome_.after = error;
  return true;
}

}  // namespace rondo::tasks
