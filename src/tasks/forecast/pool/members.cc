#include "tasks/forecast/pool/members.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "base/text.h"
#include "tasks/forecast/statistical/autoregression.h"
#include "tasks/forecast/statistical/ets.h"
#include "tasks/forecast/statistical/harmonic.h"
#include "tasks/forecast/statistical/intermittent.h"
#include "tasks/forecast/statistical/mstl.h"
#include "tasks/forecast/statistical/observed.h"
#include "tasks/forecast/statistical/simple.h"
#include "tasks/forecast/statistical/theta.h"

namespace rondo::forecasting::pool {

namespace {

namespace st = statistical;

bool is_positive(std::span<const double> values) {
  return std::none_of(values.begin(), values.end(), [](double value) { return value <= 0; });
}

/// One series at one origin, and what its members share.
class Bench {
 public:
  Bench(std::span<const double> values, const Setting& setting) : values_(values), setting_(setting) {
    for (const double season : setting.seasons) periods_.push_back(std::llround(season));
  }

  std::vector<double> forecast(Member member) {
    const std::int64_t h = setting_.horizon;
    const std::int64_t shortest = periods_.empty() ? 1 : periods_.front();
    const std::int64_t longest = periods_.empty() ? 1 : periods_.back();
    switch (member) {
      case Member::naive: return st::naive(values_, h);
      case Member::drift: return st::drift(values_, h);
      case Member::mean: return st::mean(values_, h);
      case Member::seasonal_naive: return st::seasonal_naive(values_, shortest, h);
      case Member::long_seasonal_naive: return st::seasonal_naive(values_, longest, h);
      case Member::ets: return st::forecast_ets(st::choose_ets(values_, shortest), values_, h);
      case Member::theta: return st::theta(values_, shortest, h);
      case Member::optimised_theta: return st::theta(values_, shortest, h, st::ThetaKind::optimised);
      case Member::dynamic_theta: return st::theta(values_, shortest, h, st::ThetaKind::dynamic_optimised);
      case Member::mstl: return put_back(plain(), h, [&](auto rest) { return smooth(rest, h, true); });
      case Member::mstl_theta: return put_back(plain(), h, [&](auto rest) { return st::theta(rest, 1, h); });
      case Member::mstl_drift: return put_back(plain(), h, [&](auto rest) { return st::drift(rest, h); });
      case Member::log_mstl:
        return raised(put_back(logs(), h, [&](auto rest) { return smooth(rest, h, false); }));
      case Member::log_theta:
        return raised(put_back(logs(), h, [&](auto rest) { return st::theta(rest, 1, h); }));
      case Member::regression: return st::autoregression(values_, setting_.seasons, h);
      case Member::step_regression:
        return st::autoregression(values_, setting_.seasons, h, {.difference = true});
      case Member::recent_regression:
        return st::autoregression(values_, setting_.seasons, h, {.half_life = half_life()});
      case Member::log_regression: return raised(st::autoregression(log_values(), setting_.seasons, h));
      case Member::harmonic: return st::forecast_harmonic(values_, setting_.seasons, h);
      case Member::harmonic_theta: return harmonic_theta();
      case Member::known_regression: return st::autoregression(values_, setting_.seasons, h, {}, known());
      case Member::known_harmonic: return st::forecast_harmonic(values_, setting_.seasons, h, known());
      case Member::zero: return st::zero(h);
      case Member::croston: return st::croston(values_, h);
      case Member::sba: return st::croston_sba(values_, h);
      case Member::tsb: return st::tsb(values_, h);
      case Member::imapa: return st::imapa(values_, h);
    }
    return {};
  }

 private:
  st::KnownColumns known() const {
    const std::size_t columns = setting_.known_columns, past = values_.size() * columns;
    return {setting_.known_columns, setting_.known.first(past),
            setting_.known.subspan(past, static_cast<std::size_t>(setting_.horizon) * columns)};
  }
  double half_life() const {
    const double longest = setting_.seasons.empty() ? 1 : setting_.seasons.back();
    return std::max(longest, static_cast<double>(values_.size()) / 4);
  }
  std::vector<double> harmonic_theta() const {
    const std::span<const double> known = st::from_first_observed(values_);
    const st::HarmonicRegression waves(known, setting_.seasons);
    std::vector<double> forecast = st::theta(waves.adjusted(), 1, setting_.horizon);
    for (std::int64_t step = 0; step < setting_.horizon; ++step)
      forecast[step] += waves.effect(std::ssize(known) + step);
    return forecast;
  }
  const st::Mstl& plain() {
    if (!plain_) plain_ = st::mstl(st::from_first_observed(values_), periods_);
    return *plain_;
  }
  const st::Mstl& logs() {
    if (!logs_) {
      const std::vector<double> logs = log_values();
      logs_ = st::mstl(st::from_first_observed(logs), periods_);
    }
    return *logs_;
  }
  std::vector<double> log_values() const {
    std::vector<double> logs(values_.begin(), values_.end());
    for (double& value : logs) value = std::log(value);
    return logs;
  }
  static std::vector<double> smooth(std::span<const double> rest, std::int64_t horizon, bool multiplicative) {
    return st::forecast_ets(st::choose_ets(rest, 1, {.multiplicative = multiplicative}), rest, horizon);
  }
  template <class Method>
  static std::vector<double> put_back(const st::Mstl& parts, std::int64_t horizon, Method&& method) {
    std::vector<double> forecast = method(std::span<const double>(parts.adjusted));
    for (std::int64_t step = 0; step < horizon; ++step) forecast[step] += parts.season_ahead(step);
    return forecast;
  }
  static std::vector<double> raised(std::vector<double> logs) {
    for (double& value : logs) value = std::exp(value);
    return logs;
  }

  std::span<const double> values_;
  const Setting& setting_;
  std::vector<std::int64_t> periods_;
  std::optional<st::Mstl> plain_, logs_;
};

/// What no member may exceed.
struct Limits {
  double low = 0, high = 0;
};

/// Two ranges of the values beyond their least and largest; zero where none is negative.
Limits limits_of(std::span<const double> values) {
  Limits limits{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  for (const double value : values) {
    if (std::isnan(value)) continue;
    limits.low = std::min(limits.low, value);
    limits.high = std::max(limits.high, value);
  }
  if (limits.low > limits.high) return {0, 0};
  const double range = limits.high - limits.low;
  return {limits.low >= 0 ? std::max(0.0, limits.low - 2 * range) : limits.low - 2 * range,
          limits.high + 2 * range};
}

struct Entry {
  Member member;
  const char* name;
  double prior;
};

constexpr Entry kEntries[] = {
    {Member::naive, "naive", 0.1},
    {Member::drift, "drift", 0.1},
    {Member::mean, "mean", 0.1},
    {Member::seasonal_naive, "seasonal naive", 0.1},
    {Member::long_seasonal_naive, "long seasonal naive", 0.1},
    {Member::ets, "ets", 0.6},
    {Member::theta, "theta", 0.33},
    {Member::optimised_theta, "optimised theta", 0.33},
    {Member::dynamic_theta, "dynamic theta", 0.33},
    {Member::mstl, "mstl", 0.2},
    {Member::mstl_theta, "mstl theta", 0.2},
    {Member::mstl_drift, "mstl drift", 0.2},
    {Member::log_mstl, "log mstl", 0.2},
    {Member::log_theta, "log theta", 0.2},
    {Member::regression, "regression", 0.33},
    {Member::step_regression, "step regression", 0.33},
    {Member::log_regression, "log regression", 0.33},
    {Member::recent_regression, "recent regression", 0.33},
    {Member::harmonic, "harmonic", 0.33},
    {Member::harmonic_theta, "harmonic theta", 0.33},
    {Member::known_regression, "known regression", 0.33},
    {Member::known_harmonic, "known harmonic", 0.33},
    {Member::zero, "zero", 0.2},
    {Member::croston, "croston", 0.2},
    {Member::sba, "sba", 0.2},
    {Member::tsb, "tsb", 0.2},
    {Member::imapa, "imapa", 0.2},
};

const Entry& entry_of(Member member) {
  return *std::find_if(std::begin(kEntries), std::end(kEntries),
                       [&](const Entry& entry) { return entry.member == member; });
}

}  // namespace

const char* member_name(Member member) { return entry_of(member).name; }

std::vector<Member> parse_members(const std::string& names) {
  std::vector<std::string> known;
  for (const Entry& entry : kEntries) known.emplace_back(entry.name);
  std::vector<Member> members;
  std::string name;
  for (const char c : names + ",") {
    if (c != ',') {
      name += c == '-' || c == '_' ? ' ' : c;
      continue;
    }
    members.push_back(
        kEntries[detail::place_among(known, name, "--methods has no such statistical method")].member);
    name.clear();
  }
  return members;
}

double member_prior(Member member) { return entry_of(member).prior; }

std::span<const Member> all_members() {
  static constexpr auto kMembers = [] {
    std::array<Member, std::size(kEntries)> members{};
    for (std::size_t i = 0; i < members.size(); ++i) members[i] = kEntries[i].member;
    return members;
  }();
  return kMembers;
}

bool is_intermittent(std::span<const double> values) {
  std::int64_t zeros = 0, rows = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    if (value < 0) return false;
    ++rows;
    if (value == 0) ++zeros;
  }
  return 10 * zeros >= rows;
}

std::vector<Member> applicable_members(std::span<const double> values, const Setting& setting) {
  std::vector<Member> members{Member::naive,      Member::drift,           Member::mean,
                              Member::theta,      Member::optimised_theta, Member::dynamic_theta,
                              Member::regression, Member::step_regression, Member::recent_regression};
  // A season that its states do not hold would be noise to it; mstl and harmonic smooth what is left of one.
  if (setting.seasons.empty() || setting.seasons.front() <= st::kLongestEtsSeason)
    members.push_back(Member::ets);
  const std::span<const double> known = st::from_first_observed(values);
  const auto rows = std::ssize(known);
  const bool seasonal = !setting.seasons.empty() && rows >= 2 * std::llround(setting.seasons.front());
  if (!setting.seasons.empty()) members.push_back(Member::seasonal_naive);
  if (seasonal) members.insert(members.end(), {Member::harmonic, Member::harmonic_theta});
  if (setting.seasons.size() > 1) members.push_back(Member::long_seasonal_naive);
  if (seasonal) members.insert(members.end(), {Member::mstl, Member::mstl_theta, Member::mstl_drift});
  if (is_positive(values)) {
    members.push_back(Member::log_theta);
    members.push_back(Member::log_regression);
    if (seasonal) members.push_back(Member::log_mstl);
  }
  if (setting.known_columns > 0) {
    members.insert(members.end(), {Member::known_regression, Member::known_harmonic});
  }
  if (is_intermittent(values)) {
    members.insert(members.end(), {Member::zero, Member::croston, Member::sba, Member::tsb, Member::imapa});
  }
  const auto is_refused = [&](Member member) {
    return std::find(setting.allowed.begin(), setting.allowed.end(), member) == setting.allowed.end();
  };
  if (!setting.allowed.empty()) std::erase_if(members, is_refused);
  if (members.empty()) members.push_back(Member::naive);
  return members;
}

std::vector<std::vector<double>> forecast_members(std::span<const double> values, const Setting& setting,
                                                  std::span<const Member> members) {
  Bench bench(values, setting);
  const Limits limits = limits_of(values);
  std::vector<std::vector<double>> forecasts;
  for (const Member member : members) {
    forecasts.push_back(bench.forecast(member));
    for (double& value : forecasts.back()) value = std::clamp(value, limits.low, limits.high);
  }
  return forecasts;
}

}  // namespace rondo::forecasting::pool
