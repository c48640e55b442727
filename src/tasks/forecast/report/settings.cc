#include "tasks/forecast/report/tables.h"

#include <string>

#include "base/text.h"

namespace rondo::forecasting {

namespace {

std::string number(double value) { return detail::print("%.4g", value); }
std::string number(std::int64_t value) { return std::to_string(value); }

PageSetting chosen(const char* name, const std::string& value) { return {name, value, "chosen"}; }

/// `chosen` is "" where it is not known what a setting that was left open became.
PageSetting open_or_given(const char* name, bool open, const std::string& value) {
  if (!open) return {name, value, "given"};
  return {name, value.empty() ? "auto" : "auto: " + value, "chosen"};
}

/// A number that 0 leaves open, and what it became. A search may have changed what was given.
template <class T>
PageSetting number_setting(const char* name, T given, T became) {
  const bool known = became > 0;
  const bool changed = known && (given < became || given > became);
  return open_or_given(name, given <= 0 || changed, known ? number(became) : given > 0 ? number(given) : "");
}

template <class T>
PageSetting default_or_given(const char* name, const T& given, const T& standard, const std::string& value) {
  return {name, value, given == standard ? "default" : "given"};
}

PageSetting epochs_setting(const ForecastOptions& given, const ForecastTraining& training) {
  std::string value;
  if (training.epochs > 0)
    value = number(given.epochs > 0 ? static_cast<double>(given.epochs) : training.epochs);
  if (training.updates > 0) value += " (" + std::to_string(training.updates) + " updates)";
  return open_or_given("max epochs", given.epochs <= 0, value);
}

PageSetting test_part(const ForecastOptions& given) {
  if (!given.split.empty()) return {"split", given.split, "given"};
  if (!given.test_file.empty()) return {"test file", given.test_file, "given"};
  return default_or_given("backtest", given.backtest, std::string(kDefaultBacktest), given.backtest);
}

}  // namespace

std::vector<PageSetting> settings_of(const ForecastResult& result) {
  const ForecastOptions& given = result.options;
  const ForecastTraining& training = result.training;
  const ForecastOptions defaults;
  const bool window_open = given.window <= 0;
  std::vector<PageSetting> out{
      chosen("frequency", result.frequency),
      number_setting("season (rows)", given.period, result.period),
      open_or_given("transform", given.transform == defaults.transform, result.transform),
      open_or_given("forecast of", given.difference == defaults.difference,
                    result.difference ? "changes" : "levels"),
      default_or_given("deseasonalized", given.deseasonalize, defaults.deseasonalize,
                       given.deseasonalize == "yes" ? "yes" : "no"),
      test_part(given),
      number_setting("rows between origins", given.stride, result.stride),
  };
  if (result.linear_members > 0) {
    out.push_back(open_or_given("lags of the linear model", window_open, number(result.lags)));
    out.push_back(chosen("linear models averaged", number(result.linear_members)));
  }
  if (!result.cell.empty()) {
    const std::vector<PageSetting> of_networks{
        open_or_given("window (rows)", window_open, number(result.window)),
        open_or_given("model", given.model == defaults.model, training.network),
        default_or_given("likelihood", given.likelihood, defaults.likelihood, given.likelihood),
        default_or_given("scale of windows", given.normalize, defaults.normalize, given.normalize),
        chosen("weight of the network", number(result.network_weight * 100) + " %"),
        default_or_given("cell", given.cell, defaults.cell, given.cell),
        number_setting("units", given.units, training.units),
        default_or_given("networks averaged", given.ensemble, defaults.ensemble, number(given.ensemble)),
        epochs_setting(given, training),
        number_setting("patience", given.patience, training.patience),
        number_setting("batch size", given.batch_size, training.batch_size),
        number_setting("learning rate", given.learning_rate, training.learning_rate)};
    out.insert(out.end(), of_networks.begin(), of_networks.end());
  }
  if (training.trials > 0) {
    const char* tried = training.trials == 1 ? " setting tried" : " settings tried";
    out.push_back(
        {"search of settings", number(given.tune) + " s, " + number(training.trials) + tried, "given"});
  }
  if (given.refit > 1) out.push_back({"trainings in the backtest", number(given.refit), "given"});
  return out;
}

}  // namespace rondo::forecasting
