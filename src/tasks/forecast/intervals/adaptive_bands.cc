#include "tasks/forecast/intervals/adaptive_bands.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "rondo/base/error.h"

namespace rondo::forecasting {

namespace {

constexpr double kWindow = 300;
constexpr double kLongestWindow = 1000;
constexpr double kRate = 0.03;            // how quickly each step's bands follow its misses
constexpr double kTypicalCoverage = 0.8;  // its half width is the unit of corrections

/// The first i < size for which `holds`, as it then does for all beyond; size where there is none. Begins at
/// `near` and takes ever larger steps from there.
template <class Predicate>
std::size_t first_true(std::size_t size, std::size_t near, const Predicate& holds) {
  std::size_t low = 0, high = size, stride = 1;
  near = std::min(near, size);
  if (near < size && !holds(near)) {
    for (low = near + 1; low < high; stride *= 2) {
      const std::size_t probe = std::min(low + stride, high) - 1;
      if (holds(probe)) {
        high = probe;
        break;
      }
      low = probe + 1;
    }
  } else {
    for (high = near; low < high; stride *= 2) {
      const std::size_t probe = high > stride ? high - stride : 0;
      if (!holds(probe)) {
        low = probe + 1;
        break;
      }
      high = probe;
    }
  }
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const bool yes = holds(middle);
    (yes ? high : low) = yes ? middle : middle + 1;
  }
  return low;
}

/// Values of which those in `old` weigh `weight` each and those in `fresh` 1 each, both sorted.
struct Mixture {
  std::span<const double> old;
  double weight = 0;
  std::span<const double> fresh;

  double total() const {
    return weight * static_cast<double>(old.size()) + static_cast<double>(fresh.size());
  }
  /// The smallest value of which share ≤ the weight of all up to it, for 0 < share ≤ total. `near` is where
  /// the search in `fresh` begins, and then where it ended: an origin's answer is close to that of the origin
  /// before.
  double smallest(double share, std::size_t& near) const {
    return weight == 0 ? fresh[rank(share) - 1] : first_to_reach<1>(share, near);
  }
  /// The largest value of which share ≤ the weight of all from it on.
  double largest(double share, std::size_t& near) const {
    return weight == 0 ? fresh[fresh.size() - rank(share)] : -first_to_reach<-1>(share, near);
  }

 private:
  static constexpr double kRounding = 1e-9;  // of sums of weights

  static std::size_t rank(double share) { return static_cast<std::size_t>(std::ceil(share - kRounding)); }

  /// The i-th smallest, or (sign -1) the i-th largest times -1: ascending either way.
  template <int sign>
  static double ascending(std::span<const double> values, std::size_t i) {
    return sign > 0 ? values[i] : -values[values.size() - 1 - i];
  }

  /// How many values of `old` it takes beside `taken` of `fresh`.
  static std::size_t old_needed(double share, double values_a_weight, std::size_t taken) {
    const double count = (share - kRounding - static_cast<double>(taken)) * values_a_weight;
    if (count <= 0) return 0;
    const auto whole = static_cast<std::size_t>(count);
    return whole + (static_cast<double>(whole) < count ? 1 : 0);
  }

  /// A search in `fresh` alone: whether one of its values reaches the share shows in one value of `old`, and
  /// between two neighbours of it the weight of `fresh` is constant. Infinite where none does.
  template <int sign>
  double first_to_reach(double share, std::size_t& near) const {
    const double values_a_weight = 1 / weight;
    const auto reached = [&](std::size_t i) {
      const std::size_t needed = old_needed(share, values_a_weight, i + 1);
      return needed == 0 ||
             (needed <= old.size() && ascending<sign>(old, needed - 1) <= ascending<sign>(fresh, i));
    };
    const std::size_t low = first_true(fresh.size(), near, reached);
    near = low;
    double best = std::numeric_limits<double>::infinity();
    if (low < fresh.size()) best = ascending<sign>(fresh, low);
    const std::size_t needed = std::max<std::size_t>(1, old_needed(share, values_a_weight, low));
    return needed <= old.size() ? std::min(best, ascending<sign>(old, needed - 1)) : best;
  }
};

}  // namespace

CalibrationErrors::CalibrationErrors(const Rows& errors, double worth)
    : worth_(worth), sorted_(static_cast<std::size_t>(errors.columns)) {
  for (std::int64_t r = 0; r < errors.count(); ++r) {
    for (std::size_t step = 0; step < sorted_.size(); ++step) {
      const double error = errors.row(r)[step];
      if (!std::isnan(error)) sorted_[step].push_back(error);
    }
  }
  for (auto& column : sorted_) std::sort(column.begin(), column.end());
}

void AdaptiveBands::Window::push(double error, std::size_t capacity) {
  if (arrived.size() < capacity) {
    arrived.push_back(error);
  } else {
    sorted.erase(std::lower_bound(sorted.begin(), sorted.end(), arrived[next]));
    arrived[next] = error;
    next = (next + 1) % capacity;
  }
  sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), error), error);
}

AdaptiveBands::AdaptiveBands(std::shared_ptr<const CalibrationErrors> calibration, AdaptiveOptions options)
    : calibration_(std::move(calibration)), options_(std::move(options)) {
  if (options_.stride < 1 || !(options_.shared_rate >= 0)) {
    throw Error(ErrorKind::usage, "adaptive bands need a stride of 1 or more and a rate of 0 or more")
        .seen("stride " + std::to_string(options_.stride) + ", rate " + std::to_string(options_.shared_rate));
  }
  const std::int64_t horizon = calibration_->horizon();
  const BandOffsets none = BandOffsets::make(horizon, options_.levels);
  windows_.resize(static_cast<std::size_t>(horizon));
  corrections_.resize(none.low.size());
  places_.resize(none.low.size());
  typical_places_.resize(static_cast<std::size_t>(horizon));
  shared_.resize(options_.levels.size());
  // Truths of an origin arrive until the horizon is over.
  given_.resize(static_cast<std::size_t>((horizon - 1) / options_.stride + 2), none);
}

double AdaptiveBands::waiting(std::int64_t step) const {
  return std::ceil(static_cast<double>(step + 1) / static_cast<double>(options_.stride));
}

std::size_t AdaptiveBands::capacity(std::int64_t step) const {
  return static_cast<std::size_t>(std::min(kWindow * std::sqrt(waiting(step)), kLongestWindow));
}

AdaptiveBands::Ends AdaptiveBands::quantiles(std::int64_t step, double coverage, Places& near) const {
  const Window& window = windows_[static_cast<std::size_t>(step)];
  const std::span<const double> old = calibration_->step(step);
  Mixture mixture{old, 0, window.sorted};
  if (!old.empty()) {
    const double room = static_cast<double>(capacity(step) - window.sorted.size());
    mixture.weight = std::min(1.0, std::min(room, calibration_->worth()) / static_cast<double>(old.size()));
  }
  const double total = mixture.total(), side = 0.5 + 0.5 * coverage;
  const double share = (total + 1) * side;
  if (total == 0) return {};
  if (share > total) {  // few errors: as split conformal bands do
    std::vector<double> all(window.sorted);
    if (mixture.weight > 0) all.insert(all.end(), old.begin(), old.end());
    std::sort(all.begin(), all.end());
    const double high = conformal_quantile(all, side, total);
    std::reverse(all.begin(), all.end());
    for (double& error : all) error = -error;
    return {-conformal_quantile(all, side, total), high};
  }
  return {mixture.largest(share, near.low), mixture.smallest(share, near.high)};
}

void AdaptiveBands::recalibrate(std::shared_ptr<const CalibrationErrors> calibration) {
  calibration_ = std::move(calibration);
  for (Window& window : windows_) window = {};
}

BandOffsets AdaptiveBands::at_origin() {
  BandOffsets& out = given_[static_cast<std::size_t>(origins_) % given_.size()];
  for (std::int64_t step = 0; step < calibration_->horizon(); ++step) {
    const Ends typical = quantiles(step, kTypicalCoverage, typical_places_[static_cast<std::size_t>(step)]);
    const double unit = 0.5 * (typical.high - typical.low);
    for (std::size_t level = 0; level < options_.levels.size(); ++level) {
      const std::size_t at = out.index(step, static_cast<std::int64_t>(level));
      const Ends ends = options_.levels[level] == kTypicalCoverage
                            ? typical
                            : quantiles(step, options_.levels[level], places_[at]);
      out.low[at] = ends.low - (corrections_[at].low + shared_[level].low) * unit;
      out.high[at] = ends.high + (corrections_[at].high + shared_[level].high) * unit;
    }
    out.nest(step);
  }
  ++origins_;
  return out;
}

void AdaptiveBands::observe(std::int64_t origin, std::int64_t step, double error) {
  if (origin < 0 || origin >= origins_ || step < 0 || step >= calibration_->horizon()) {
    throw Error(ErrorKind::usage, "an error was observed of a forecast that was not made")
        .where("adaptive bands")
        .seen("origin " + std::to_string(origin) + ", step " + std::to_string(step))
        .expected("an origin below " + std::to_string(origins_) + ", a step below " +
                  std::to_string(calibration_->horizon()));
  }
  if (std::isnan(error)) return;
  if (origins_ - origin <= static_cast<std::int64_t>(given_.size())) {
    const BandOffsets& given = given_[static_cast<std::size_t>(origin) % given_.size()];
    const double rate = kRate / std::sqrt(waiting(step));
    const auto horizon = static_cast<double>(calibration_->horizon());
    const double shared = options_.shared_rate / std::sqrt(waiting(calibration_->horizon() - 1)) / horizon;
    for (std::size_t level = 0; level < options_.levels.size(); ++level) {
      const std::size_t at = given.index(step, static_cast<std::int64_t>(level));
      const double wanted = 0.5 * (1 - options_.levels[level]);
      const double below = error < given.low[at] ? 1 : 0, above = error > given.high[at] ? 1 : 0;
      corrections_[at].low += rate * (below - wanted);
      corrections_[at].high += rate * (above - wanted);
      shared_[level].low += shared * (below - wanted);
      shared_[level].high += shared * (above - wanted);
    }
  }
  windows_[static_cast<std::size_t>(step)].push(error, capacity(step));
}

std::vector<BandOffsets> walk_bands(AdaptiveBands bands, const Rows& errors,
                                    std::span<const std::int64_t> rows,
                                    std::span<const std::shared_ptr<const CalibrationErrors>> calibrations) {
  std::vector<BandOffsets> out;
  out.reserve(rows.size());
  std::vector<std::int64_t> next(rows.size(), 0);  // first step of each origin not yet observed
  std::size_t open = 0;                            // first origin with such a step
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = open; j < i; ++j) {
      while (next[j] < errors.columns && rows[j] + next[j] + 1 <= rows[i]) {
        bands.observe(static_cast<std::int64_t>(j), next[j],
                      errors.row(static_cast<std::int64_t>(j))[static_cast<std::size_t>(next[j])]);
        ++next[j];
      }
    }
    while (open < i && next[open] == errors.columns) ++open;
    if (i > 0 && i < calibrations.size() && calibrations[i] != calibrations[i - 1])
      bands.recalibrate(calibrations[i]);
    out.push_back(bands.at_origin());
  }
  return out;
}

}  // namespace rondo::forecasting
