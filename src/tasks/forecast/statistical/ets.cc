#include "tasks/forecast/statistical/ets.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tasks/forecast/statistical/ets_filter.h"
#include "tasks/forecast/statistical/fitting/minimise.h"
#include "tasks/forecast/statistical/observed.h"
#include "tasks/forecast/statistical/seasonality.h"

namespace rondo::forecasting::statistical {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLeast = 1e-4, kMost = 0.9999;  // of smoothing parameters
constexpr double kLeastPhi = 0.8, kMostPhi = 0.98;
constexpr double kMinSeasonFactor = 1e-3;  // of a multiplicative season

bool is_multiplicative(const EtsSpec& spec) {
  return spec.error == EtsPart::multiplicative || spec.season == EtsPart::multiplicative;
}

/// How values become of order 1: (value - shift) / scale. Where something multiplies, zero stays zero.
struct Units {
  double shift = 0, scale = 1;

  Units(std::span<const double> values, const EtsSpec& spec) {
    const std::vector<double> known = observed_values(values);
    double sum = 0, squares = 0;
    for (const double value : known) sum += value;
    const double middle = sum / static_cast<double>(known.size());
    if (is_multiplicative(spec)) {
      scale = middle;
      return;
    }
    for (const double value : known) squares += (value - middle) * (value - middle);
    shift = middle;
    scale = std::sqrt(squares / static_cast<double>(known.size()));
    if (!(scale > 1e-13 * std::abs(middle))) scale = middle != 0 ? std::abs(middle) : 1;
  }
  double to(double value) const { return (value - shift) / scale; }
};

/// Variables of the search, in their order: alpha, beta and gamma as shares of what their bounds leave, phi,
/// level, slope, all places of the season but the last.
class Search {
 public:
  Search(std::span<const double> values, const EtsSpec& spec, std::int64_t period)
      : values_(values), model_{.spec = spec, .period = period} {
    set_initial_states();
    const bool trend = spec.trend != EtsPart::none, season = spec.season != EtsPart::none;
    add(0.3, kLeast, kMost, 0.1);
    if (trend) add(0.1, 0, 1, 0.1);
    if (season) add(0.1, 0, 1, 0.1);
    if (spec.damped) add(0.97, kLeastPhi, kMostPhi, 0.03);
    add(model_.level, -kInfinity, kInfinity, 0.1);
    if (trend) add(model_.slope, -kInfinity, kInfinity, 0.01);
    for (std::size_t place = 0; place + 1 < model_.season.size(); ++place) {
      const bool times = spec.season == EtsPart::multiplicative;
      add(model_.season[place], times ? kMinSeasonFactor : -kInfinity, kInfinity, 0.1);
    }
  }

  EtsModel run() {
    const Objective objective = [this](std::span<const double> point, std::span<double> gradient) {
      return evaluate(point, gradient);
    };
    model_.minus_two_log_likelihood = minimise(objective, point_, lower_, upper_, scale_);
    read(point_);
    return model_;
  }

 private:
  void add(double start, double lower, double upper, double scale) {
    point_.push_back(start);
    lower_.push_back(lower);
    upper_.push_back(upper);
    scale_.push_back(scale);
  }

  /// The book's section 2.6.1: a classical decomposition, and a line through the first rows that are left.
  void set_initial_states() {
    std::vector<double> adjusted(values_.begin(), values_.end());
    if (model_.spec.season != EtsPart::none) {
      const bool times = model_.spec.season == EtsPart::multiplicative;
      const SeasonalFigure figure =
          seasonal_figure(values_, model_.period, times ? SeasonKind::multiplicative : SeasonKind::additive);
      model_.season = figure.places;
      if (times && figure.kind == SeasonKind::additive)
        std::fill(model_.season.begin(), model_.season.end(), 1);
      for (std::size_t row = 0; row < adjusted.size(); ++row) {
        const double s = model_.season[row % model_.season.size()];
        adjusted[row] = times ? adjusted[row] / s : adjusted[row] - s;
      }
    }
    const auto first_rows =
        std::min<std::size_t>(adjusted.size(), std::max<std::int64_t>(10, 2 * model_.period));
    double n = 0, t = 0, y = 0, tt = 0, ty = 0;
    for (std::size_t row = 0; row < first_rows; ++row) {
      if (std::isnan(adjusted[row])) continue;
      const auto time = static_cast<double>(row + 1);
      n += 1;
      t += time;
      y += adjusted[row];
      tt += time * time;
      ty += time * adjusted[row];
    }
    model_.level = y / n;
    if (model_.spec.trend == EtsPart::none) return;
    const double spread = tt - t * t / n;
    model_.slope = spread > 0 ? (ty - t * y / n) / spread : 0;
    model_.level = (y - model_.slope * t) / n;
    if (is_multiplicative(model_.spec) && !(model_.level > 0 && model_.level + model_.slope > 0)) {
      model_.level = y / n;  // the line begins below zero
      model_.slope = 0;
    }
  }

  void read(std::span<const double> point) {
    const EtsSpec& spec = model_.spec;
    std::size_t next = 0;
    model_.alpha = point[next++];
    if (spec.trend != EtsPart::none) model_.beta = kLeast + point[next++] * (model_.alpha - kLeast);
    if (spec.season != EtsPart::none) model_.gamma = kLeast + point[next++] * (1 - model_.alpha - kLeast);
    if (spec.damped) model_.phi = point[next++];
    model_.level = point[next++];
    if (spec.trend != EtsPart::none) model_.slope = point[next++];
    if (model_.season.empty()) return;
    double rest = spec.season == EtsPart::multiplicative ? static_cast<double>(model_.period) : 0;
    for (std::size_t place = 0; place + 1 < model_.season.size(); ++place) {
      model_.season[place] = point[next++];
      rest -= model_.season[place];
    }
    model_.season.back() = rest;
  }

  double evaluate(std::span<const double> point, std::span<double> gradient) {
    read(point);
    const EtsSpec& spec = model_.spec;
    if (spec.season == EtsPart::multiplicative && !(model_.season.back() >= kMinSeasonFactor))
      return kInfinity;
    const double value = filter_.run(model_, values_);
    if (!std::isfinite(value)) return kInfinity;
    filter_.gradient(model_, values_, gradient_);
    std::size_t next = 1;
    double alpha = gradient_.alpha;
    if (spec.trend != EtsPart::none) {
      alpha += gradient_.beta * point[next];
      gradient[next++] = gradient_.beta * (model_.alpha - kLeast);
    }
    if (spec.season != EtsPart::none) {
      alpha -= gradient_.gamma * point[next];
      gradient[next++] = gradient_.gamma * (1 - model_.alpha - kLeast);
    }
    gradient[0] = alpha;
    if (spec.damped) gradient[next++] = gradient_.phi;
    gradient[next++] = gradient_.level;
    if (spec.trend != EtsPart::none) gradient[next++] = gradient_.slope;
    for (std::size_t place = 0; place + 1 < model_.season.size(); ++place) {
      gradient[next++] = gradient_.season[place] - gradient_.season.back();
    }
    return value;
  }

  std::span<const double> values_;
  EtsModel model_;
  EtsFilter filter_;
  EtsGradient gradient_;
  std::vector<double> point_, lower_, upper_, scale_;
};

void put_back(EtsModel& model, const Units& units, double rows) {
  const bool times = model.spec.season == EtsPart::multiplicative;
  model.level = model.level * units.scale + units.shift;
  model.slope *= units.scale;
  if (!times) {
    for (double& place : model.season) place *= units.scale;
  }
  // Σ e² grows with the square of the unit, or Π forecast² does.
  model.minus_two_log_likelihood += 2 * rows * std::log(units.scale);
}

char letter(EtsPart part) { return part == EtsPart::none ? 'N' : part == EtsPart::additive ? 'A' : 'M'; }

}  // namespace

std::string EtsSpec::name() const {
  return std::string("ETS(") + letter(error) + ',' + letter(trend) + (damped ? "d," : ",") + letter(season) +
         ')';
}

std::int64_t EtsSpec::parameters(std::int64_t period) const {
  std::int64_t count = 3;  // alpha, level, variance
  if (trend != EtsPart::none) count += 2 + (damped ? 1 : 0);
  if (season != EtsPart::none) count += period;  // gamma and all places but one
  return count;
}

std::int64_t ets_rows(const EtsSpec& spec, std::int64_t period) {
  const std::int64_t rows = spec.parameters(period) + 2;
  return spec.season == EtsPart::none ? rows : std::max(rows, 2 * period);
}

double ets_likelihood(const EtsModel& model, std::span<const double> values) {
  return EtsFilter().run(model, from_first_observed(values));
}

std::vector<double> forecast_ets(const EtsModel& model, std::span<const double> values,
                                 std::int64_t horizon) {
  const std::span<const double> known = from_first_observed(values);
  EtsFilter filter;
  filter.run(model, known);
  return filter.forecast(model, std::ssize(known), horizon);
}

EtsModel fit_ets(std::span<const double> values, const EtsSpec& spec, std::int64_t period) {
  const std::span<const double> known = from_first_observed(values);
  const auto rows = static_cast<double>(count_observed(known));
  const std::int64_t places = spec.season == EtsPart::none ? 1 : period;
  const bool positive = std::none_of(known.begin(), known.end(), [](double value) { return value <= 0; });
  if (rows < static_cast<double>(ets_rows(spec, places)) || (is_multiplicative(spec) && !positive)) {
    return {.spec = spec, .period = places, .minus_two_log_likelihood = kInfinity, .aicc = kInfinity};
  }
  const Units units(known, spec);
  std::vector<double> scaled(known.begin(), known.end());
  for (double& value : scaled) value = units.to(value);
  EtsModel model = Search(scaled, spec, places).run();
  put_back(model, units, rows);
  const auto parameters = static_cast<double>(spec.parameters(places));
  model.aicc = model.minus_two_log_likelihood + 2 * parameters +
               2 * parameters * (parameters + 1) / (rows - parameters - 1);
  return model;
}

std::vector<EtsSpec> ets_candidates(std::span<const double> values, std::int64_t period,
                                    const EtsChoice& choice) {
  const bool positive = std::none_of(values.begin(), values.end(), [](double value) { return value <= 0; });
  const bool times = positive && choice.multiplicative;
  const bool seasonal = choice.seasons && period >= 2 && period <= kLongestEtsSeason;
  std::vector<EtsSpec> specs;
  for (const EtsPart error : {EtsPart::additive, EtsPart::multiplicative}) {
    if (error == EtsPart::multiplicative && !times) continue;
    for (const EtsPart season : {EtsPart::none, EtsPart::additive, EtsPart::multiplicative}) {
      if (season != EtsPart::none && !seasonal) continue;
      if (season == EtsPart::multiplicative && error == EtsPart::additive) continue;
      specs.push_back({error, EtsPart::none, false, season});
      if (!choice.trends) continue;
      specs.push_back({error, EtsPart::additive, false, season});
      specs.push_back({error, EtsPart::additive, true, season});
    }
  }
  return specs;
}

EtsModel choose_ets(std::span<const double> values, std::int64_t period, const EtsChoice& choice) {
  const std::span<const double> known = from_first_observed(values);
  EtsModel best{.spec = {}, .alpha = 0.5, .level = known.empty() ? 0 : known.front(), .aicc = kInfinity};
  for (const EtsSpec& spec : ets_candidates(known, period, choice)) {
    EtsModel model = fit_ets(known, spec, period);
    if (model.aicc < best.aicc) best = std::move(model);
  }
  return best;
}

}  // namespace rondo::forecasting::statistical
