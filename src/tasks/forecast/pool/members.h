#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rondo::forecasting::pool {

/// What a pool forecasts one series with. Each is a method of tasks/forecast/statistical, alone or on the
/// series without its seasons.
enum class Member {
  naive,
  drift,
  mean,
  seasonal_naive,  ///< of the shortest season
  long_seasonal_naive,
  ets,
  theta,
  optimised_theta,
  dynamic_theta,
  mstl,  ///< with exponential smoothing
  mstl_theta,
  mstl_drift,
  log_mstl,  ///< of logarithms
  log_theta,
  regression,       ///< autoregression with the seasons' waves
  step_regression,  ///< the same of the steps from row to row
  log_regression,
  recent_regression,  ///< in which older rows count less
  harmonic,           ///< waves and known columns, with exponential smoothing
  harmonic_theta,
  known_regression,  ///< with known columns
  known_harmonic,
  zero,
  croston,
  sba,
  tsb,
  imapa,
};

/// "ets", "seasonal naive" …
const char* member_name(Member member);
/// The members of "ets,theta"; spaces, '-' and '_' are one. Throws Error(usage) with the nearest name.
std::vector<Member> parse_members(const std::string& names);
/// Its weight before anything is known of the series: kinds of methods share equally, simple ones have half.
double member_prior(Member member);
/// All of them, in their order.
std::span<const Member> all_members();

/// What is known of a series beforehand.
struct Setting {
  std::vector<double> seasons;  ///< rows of a season, shortest first; none: empty
  std::int64_t horizon = 1;
  /// Columns that are known beforehand, row by row, [rows + horizon, columns], NaN = missing; none: empty.
  std::span<const double> known = {};
  std::int64_t known_columns = 0;
  std::span<const Member> allowed = {};  ///< of those that apply; none: all
};

/// The members that apply to such values, naive where none of those allowed does. All of them have a forecast
/// for whatever rows are given.
std::vector<Member> applicable_members(std::span<const double> values, const Setting& setting);

/// Forecasts of the rows behind the last one, [members, horizon]; what members share is computed once.
std::vector<std::vector<double>> forecast_members(std::span<const double> values, const Setting& setting,
                                                  std::span<const Member> members);

/// Whether demand is intermittent: nothing negative, and a tenth of the rows or more are zero.
bool is_intermittent(std::span<const double> values);

}  // namespace rondo::forecasting::pool
