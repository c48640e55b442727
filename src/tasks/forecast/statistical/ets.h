#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

// Exponential smoothing in state space form: Hyndman, Koehler, Ord, Snyder, "Forecasting with Exponential
// Smoothing", 2008. Trends are none, additive or additive and damped; errors and seasons additive or
// multiplicative. Rows that are missing move the states as if the forecast had come true.

namespace rondo::forecasting::statistical {

enum class EtsPart { none, additive, multiplicative };

struct EtsSpec {
  EtsPart error = EtsPart::additive;
  EtsPart trend = EtsPart::none;
  bool damped = false;
  EtsPart season = EtsPart::none;

  /// "ETS(M,Ad,M)".
  std::string name() const;
  /// Smoothing parameters and free initial states, and one for the variance.
  std::int64_t parameters(std::int64_t period) const;
  bool operator==(const EtsSpec&) const = default;
};

/// A model with its parameters and the states before the first row that is observed.
struct EtsModel {
  EtsSpec spec;
  std::int64_t period = 1;
  double alpha = 0.1, beta = 0, gamma = 0, phi = 1;
  double level = 0, slope = 0;
  std::vector<double> season = {};  ///< by place from the first observed row on
  double minus_two_log_likelihood = 0, aicc = 0;
};

/// -2 log L of the book's section 5.1 without its constant: n log Σ e² + 2 Σ log |forecast| (the second sum
/// where errors are multiplicative). Infinity where the model cannot have made the values.
double ets_likelihood(const EtsModel& model, std::span<const double> values);

std::vector<double> forecast_ets(const EtsModel& model, std::span<const double> values, std::int64_t horizon);

/// Rows that a fit of it needs for an AICc.
std::int64_t ets_rows(const EtsSpec& spec, std::int64_t period);

/// Maximum likelihood within the usual bounds (0 < beta < alpha < 1, 0 < gamma < 1 - alpha, 0.8 <= phi <=
/// 0.98), initial states included. Multiplicative parts ask for positive values. The AICc is infinite where
/// rows are too few or the model does not apply.
EtsModel fit_ets(std::span<const double> values, const EtsSpec& spec, std::int64_t period);

/// What a search may choose from.
struct EtsChoice {
  bool trends = true, seasons = true, multiplicative = true;
};

/// The longest season of which every place is a state; longer ones are for a decomposition.
constexpr std::int64_t kLongestEtsSeason = 24;

/// The specs that apply to the values: multiplicative parts for positive ones, no multiplicative season with
/// additive errors, seasons of 2 to kLongestEtsSeason rows.
std::vector<EtsSpec> ets_candidates(std::span<const double> values, std::int64_t period,
                                    const EtsChoice& choice = {});

/// The candidate of least AICc; simple exponential smoothing with alpha 0.5 where rows are too few for any.
EtsModel choose_ets(std::span<const double> values, std::int64_t period, const EtsChoice& choice = {});

}  // namespace rondo::forecasting::statistical
