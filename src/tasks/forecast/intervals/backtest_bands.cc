#include "tasks/forecast/intervals/backtest_bands.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>

#include "base/text.h"
#include "rondo/base/error.h"

namespace rondo::forecasting {

namespace {

constexpr std::array kLevels{0.2, 0.4, 0.6, 0.8, 0.95};  // always there
constexpr double kSame = 1e-9;                           // as levels go

bool is_same(double a, double b) { return std::abs(a - b) < kSame; }

std::int64_t place_of(const BandOffsets& offsets, double level) {
  const auto found = std::ranges::find_if(offsets.levels, [&](double own) { return is_same(own, level); });
  return found - offsets.levels.begin();
}

/// "50,80,95" as numbers between two bounds that are none of them.
std::vector<double> read_numbers(const std::string& text, const char* option, double low, double high,
                                 const char* example) {
  std::vector<double> out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    double value = 0;
    const auto [stop, code] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (code != std::errc() || stop != word.data() + word.size() || !(value > low && value < high)) {
      throw Error(ErrorKind::usage, std::string("--") + option + " is out of range")
          .seen("'" + word + "'")
          .expected(detail::print("numbers between %g and %g, neither of them, as in --%s %s", low, high,
                                  option, example));
    }
    out.push_back(value);
    begin = end + 1;
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end(), is_same), out.end());
  return out;
}

}  // namespace

std::vector<double> asked_quantiles(const ForecastOptions& options) {
  if (!options.level.empty() && !options.quantiles.empty()) {
    throw Error(ErrorKind::usage, "--level and --quantiles both say which bands are wanted")
        .seen("--level " + options.level + " and --quantiles " + options.quantiles)
        .fix("leave one of them out: --level 80 is --quantiles 0.1,0.9");
  }
  if (!options.quantiles.empty()) return read_numbers(options.quantiles, "quantiles", 0, 1, "0.1,0.5,0.9");
  std::vector<double> out;
  if (options.level.empty()) return out;
  for (const double level : read_numbers(options.level, "level", 0, 100, "50,80,95")) {
    out.push_back((100 - level) / 200);
    out.push_back((100 + level) / 200);
  }
  std::ranges::sort(out);
  return out;
}

std::vector<double> band_levels(const ForecastOptions& options) {
  std::vector<double> levels(kLevels.begin(), kLevels.end());
  for (const double probability : asked_quantiles(options)) {
    const double level = std::abs(2 * probability - 1);
    const bool known = std::ranges::any_of(levels, [&](double own) { return is_same(own, level); });
    if (!known && level > kSame) levels.push_back(level);
  }
  std::ranges::sort(levels);
  return levels;
}

std::vector<BandOffsets> bands_by_origin(
    std::span<const std::shared_ptr<const CalibrationErrors>> calibrations, const Rows& errors,
    std::span<const std::int64_t> rows, std::int64_t stride, const std::vector<double>& levels) {
  AdaptiveOptions options{.levels = levels, .stride = stride};
  return walk_bands(AdaptiveBands(calibrations.front(), options), errors, rows, calibrations);
}

void append_bands(const ScaledPanel& scaled, const Origin& origin, std::span<const double> location,
                  std::span<const double> spread, const BandOffsets& offsets, ForecastBands& bands) {
  const std::int64_t at80 = place_of(offsets, 0.8), at95 = place_of(offsets, 0.95);
  for (std::size_t h = 0; h < location.size(); ++h) {
    const auto step = static_cast<std::int64_t>(h);
    const auto end = [&](double offset) {
      return scaled.to_units(origin, step + 1, location[h] + spread[h] * offset);
    };
    // However one-sided the errors were, a band holds its forecast.
    const auto low = [&](std::int64_t level) { return end(std::min(0.0, offsets.low_at(step, level))); };
    const auto high = [&](std::int64_t level) { return end(std::max(0.0, offsets.high_at(step, level))); };
    bands.low80.push_back(low(at80));
    bands.high80.push_back(high(at80));
    bands.low95.push_back(low(at95));
    bands.high95.push_back(high(at95));
  }
}

namespace {

/// Each end goes its own way, so that they may cross.
double median_offset(const BandOffsets& offsets, std::int64_t step) {
  const std::int64_t inner = place_of(offsets, kLevels.front());
  const auto [low, high] = std::minmax({offsets.low_at(step, inner), offsets.high_at(step, inner)});
  return std::clamp(0.0, low, high);
}

}  // namespace

void append_asked(const ScaledPanel& scaled, const Origin& origin, std::span<const double> location,
                  std::span<const double> spread, const BandOffsets& offsets, ForecastQuantiles& out) {
  out.values.resize(out.levels.size());
  std::vector<double> values(out.levels.size());
  for (std::size_t h = 0; h < location.size(); ++h) {
    const auto step = static_cast<std::int64_t>(h);
    for (std::size_t k = 0; k < values.size(); ++k) {
      const double probability = out.levels[k], level = std::abs(2 * probability - 1);
      // However one-sided the errors were, a band holds its forecast.
      const double offset = is_same(probability, 0.5) ? median_offset(offsets, step)
                            : probability < 0.5
                                ? std::min(0.0, offsets.low_at(step, place_of(offsets, level)))
                                : std::max(0.0, offsets.high_at(step, place_of(offsets, level)));
      values[k] = scaled.to_units(origin, step + 1, location[h] + spread[h] * offset);
    }
    std::ranges::sort(values);
    for (std::size_t k = 0; k < values.size(); ++k) out.values[k].push_back(values[k]);
  }
}

void step_quantiles(const ScaledPanel& scaled, const Origin& origin, double location, double spread,
                    const BandOffsets& offsets, std::int64_t step, std::vector<double>& levels,
                    std::vector<double>& quantiles) {
  levels.clear();
  quantiles.clear();
  const auto put = [&](double level, double offset) {
    levels.push_back(level);
    quantiles.push_back(scaled.to_units(origin, step + 1, location + spread * offset));
  };
  for (std::size_t k = kLevels.size(); k-- > 0;)
    put(0.5 - kLevels[k] / 2, offsets.low_at(step, place_of(offsets, kLevels[k])));
  put(0.5, median_offset(offsets, step));
  for (const double level : kLevels) put(0.5 + level / 2, offsets.high_at(step, place_of(offsets, level)));
  std::sort(quantiles.begin(), quantiles.end());
}

void append_quantiles(const ScaledPanel& scaled, const Origin& origin, std::span<const double> location,
                      std::span<const double> spread, const BandOffsets& offsets, ForecastQuantiles& out) {
  std::vector<double> values;
  for (std::size_t h = 0; h < location.size(); ++h) {
    step_quantiles(scaled, origin, location[h], spread[h], offsets, static_cast<std::int64_t>(h), out.levels,
                   values);
    out.values.resize(values.size());
    for (std::size_t k = 0; k < values.size(); ++k) out.values[k].push_back(values[k]);
  }
}

namespace {

constexpr std::size_t kMaxPit = 4096;

double probability(double actual, std::span<const double> quantiles, std::span<const double> levels) {
  if (actual < quantiles.front()) return levels.front() / 2;
  for (std::size_t k = 1; k < quantiles.size(); ++k) {
    if (actual > quantiles[k]) continue;
    const double width = quantiles[k] - quantiles[k - 1];
    const double part = width > 0 ? (actual - quantiles[k - 1]) / width : 0.5;
    return levels[k - 1] + part * (levels[k] - levels[k - 1]);
  }
  return (1 + levels.back()) / 2;
}

}  // namespace

void BandCalibration::add(double actual, std::span<const double> quantiles, std::span<const double> levels) {
  const std::size_t pairs = quantiles.size() / 2;
  inside_.resize(pairs, 0);
  nominal_.resize(pairs);
  for (std::size_t k = 0; k < pairs; ++k) {
    nominal_[k] = 1 - 2 * levels[k];
    inside_[k] += actual >= quantiles[k] && actual <= quantiles[quantiles.size() - 1 - k] ? 1 : 0;
  }
  if (count_ % stride_ == 0) {
    pit_.push_back(probability(actual, quantiles, levels));
    if (pit_.size() == kMaxPit) thin();
  }
  ++count_;
}

void BandCalibration::put(ForecastCalibration& out) const {
  for (std::size_t k = nominal_.size(); k-- > 0;) {
    out.nominal.push_back(nominal_[k]);
    out.observed.push_back(inside_[k] / static_cast<double>(count_));
  }
  out.pit = pit_;
  out.rows = count_;
}

void BandCalibration::thin() {
  for (std::size_t i = 0; 2 * i < pit_.size(); ++i) pit_[i] = pit_[2 * i];
  pit_.resize(pit_.size() / 2);
  stride_ *= 2;
}

}  // namespace rondo::forecasting
