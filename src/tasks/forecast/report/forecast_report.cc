#include "rondo/tasks/forecast_report.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "rondo/base/error.h"
#include "rondo/base/version.h"
#include "tasks/forecast/report/drawn_series.h"
#include "tasks/forecast/report/residuals.h"
#include "tasks/forecast/report/series_data.h"
#include "tasks/forecast/report/tables.h"
#include "tasks/report/assets.h"
#include "tasks/report/format.h"

namespace rondo {
namespace {

namespace fc = forecasting;

std::string counted(std::int64_t n, std::string_view one, std::string_view many) {
  return format_count(static_cast<std::size_t>(n)) + " " + std::string(n == 1 ? one : many);
}

std::string source_name(const ForecastResult& result) {
  return std::filesystem::path(result.source).filename().string();
}

std::string subtitle(const ForecastResult& result, const std::string& created) {
  std::int64_t rows = 0;
  for (const ForecastSeries& series : result.series) rows += series.times.size();
  const std::string source = source_name(result);
  std::string text = source.empty() ? "" : source + " · ";
  text += counted(rows, "row", "rows");
  if (result.series.size() > 1) text += " in " + format_count(result.series.size()) + " series";
  if (fc::uses_networks(result)) text += " · " + cell_name(result.cell) + " network";
  text += " · " + counted(result.horizon, "step", "steps") + " ahead";
  return created.empty() ? text : text + " · " + created;
}

PageVerdict verdict_of(const ForecastResult& result) {
  using Tone = PageVerdict::Tone;
  switch (result.verdict) {
    case ForecastVerdict::better:
      return {Tone::good, "The forecast is better than every single method", result.verdict_sentence};
    case ForecastVerdict::no_better_than_single_method:
      return {Tone::neutral, "No better than the best single method", result.verdict_sentence};
    case ForecastVerdict::not_tested: return {Tone::neutral, "Not tested", result.verdict_sentence};
    case ForecastVerdict::no_better_than_naive: break;
  }
  return {Tone::bad, "No better than a naive forecast", result.verdict_sentence};
}

/// Of many series no single next value is the headline: how many the model helps is.
PageFigure series_helped(const ForecastResult& result) {
  std::size_t helped = 0, compared = 0;
  for (const ForecastSeries& series : result.series) {
    const ForecastScore* rival = fc::find_rival(series, result.skill_against);
    if (rival == nullptr || !std::isfinite(rival->rmse)) continue;
    ++compared;
    if (series.test.rmse < rival->rmse) ++helped;
  }
  return {"Series", format_count(result.series.size()),
          compared == 0 ? "one model for all"
                        : "lower error than " + forecaster_name(result.skill_against) + " in " +
                              format_count(helped) + " of " + format_count(compared)};
}

std::string with_unit(std::string number, const std::string& unit) {
  return unit.empty() ? number : std::move(number) + " " + unit;
}

PageFigure next_value(const ForecastResult& result, const std::string& unit) {
  if (result.series.size() > 1) return series_helped(result);
  const ForecastSeries& series = result.series.front();
  if (series.forecast.empty()) return {"Next value", "–", "no forecast past the end"};
  std::string detail = series.future_times.text(0);
  if (!series.bands.low80.empty())
    detail += "; 80 % band " + format_number(series.bands.low80.front()) + " to " +
              format_number(series.bands.high80.front());
  return {"Next value", with_unit(format_number(series.forecast.front()), unit), detail};
}

PageFigure typical_error(const ForecastResult& result, const std::string& unit) {
  const ForecastScore* best = fc::find_rival(result, result.skill_against);
  const bool rmse =
      result.measure.empty() || result.measure == "RMSE";  // else the verdict's is without a unit
  return {rmse ? "Typical error (RMSE)" : capital(result.measure),
          with_unit(format_number(rmse ? result.test.rmse : result.test.compared), rmse ? unit : ""),
          best == nullptr
              ? "in the units of the target"
              : forecaster_name(best->name) + ": " + format_number(rmse ? best->rmse : best->compared)};
}

PageFigure skill(const ForecastResult& result) {
  const std::string rival = forecaster_name(result.skill_against);
  if (rival.empty()) return {"Skill", format_percent(result.skill, true), "no baseline to compare with"};
  const std::string text = format_skill(result.skill);
  std::string detail = text + ": ";
  if (text == format_skill(0))
    detail += "the same error as " + rival;
  else
    detail += std::string("error ") + (result.skill < 0 ? "above" : "below") + " that of " + rival;
  if (result.series.size() > 1) detail += ", scaled series by series";
  return {"Skill against " + rival, format_percent(result.skill, true), detail};
}

PageFigure backtest_span(const ForecastResult& result) {
  std::int64_t rows = 0;
  for (const ForecastSeries& series : result.series)
    rows += static_cast<std::int64_t>(fc::latest_forecasts(series).times.size());
  const std::int64_t stride = result.stride > 0 ? result.stride : result.horizon;
  std::string detail =
      result.horizon <= 1 ? "one step ahead" : counted(result.horizon, "step", "steps") + " ahead";
  if (stride > 1) detail += ", a new forecast every " + counted(stride, "row", "rows");
  return {"Tested on", counted(rows, "row", "rows"), rows > 0 ? detail : "no backtest"};
}

/// What draws from the series of the page.
PagePart component(const std::string& name) {
  return asset_part("forecast/report/" + name + ".html", Json::object(), Json::object());
}

PagePart calibration(const ForecastCalibration& given) {
  const bool coverage = !given.nominal.empty();
  const fc::PitHistogram pit = fc::pit_histogram(given.pit);
  if (!coverage && pit.rows == 0) return {};
  Json data = Json::object({{"rows", given.rows},
                            {"nominal", Json::list(given.nominal)},
                            {"observed", Json::list(given.observed)}});
  if (pit.rows > 0) {
    Json counts = Json::array();
    for (const std::size_t count : pit.counts) counts.push_back(static_cast<std::int64_t>(count));
    data.set("pit", Json::object({{"rows", static_cast<std::int64_t>(pit.rows)}, {"counts", counts}}));
  }
  return asset_part("forecast/report/calibration.html",
                    Json::object({{"coverage", coverage}, {"pit", pit.rows > 0}}), std::move(data));
}

PagePart training(const ForecastResult& result) {
  std::string about = "The loss is the error in the scale of each window, summed over the networks.";
  if (result.training.updates > 0)
    about += " An epoch is a twentieth of the training, however many windows there are.";
  return training_part(result.loss, result.validation_loss, static_cast<std::size_t>(result.best_epoch),
                       about);
}

std::vector<PageSection> sections_of(const ForecastResult& result, const std::string& unit) {
  std::vector<PageSection> sections;
  const bool several = result.series.size() > 1;
  sections.push_back({"leaderboard",
                      "How good the forecast is",
                      "Leaderboard",
                      "",
                      {fc::leader_table(result, unit), fc::score_table(result)}});
  sections.push_back({"forecast", "History and forecast", "Forecast", "", {component("forecast")}});
  sections.push_back({"shares", "What the forecast is made of", "Shares", "", {fc::share_table(result)}});
  if (several) sections.push_back({"series-list", "All series", "", "", {component("series_list")}});
  sections.push_back(
      {"components", "Trend, seasons and effects", "Components", "", {component("components")}});
  std::vector<PagePart> backtest{component("backtest"), fc::band_table(result)};
  if (several) backtest.push_back(component("series_scores"));
  backtest.push_back(fc::horizon_curves(result));
  backtest.push_back(fc::fold_table(result));
  sections.push_back(
      {"backtest", "Backtest: forecasts and actual values", "Backtest", "", std::move(backtest)});
  sections.push_back({"origins", "Forecasts by origin", "By origin", "", {component("origins")}});
  sections.push_back(
      {"calibration", "Are the intervals calibrated?", "Calibration", "", {calibration(result.calibration)}});
  sections.push_back({"residuals", "Residuals", "", "", {component("residuals")}});
  sections.push_back({"anomalies", "Anomalies", "", "", {fc::anomaly_table(result)}});
  sections.push_back({"importance", "Feature importance", "", "", {fc::importance_table(result)}});
  if (fc::uses_networks(result)) {
    sections.push_back({"training",
                        "Training",
                        "",
                        "",
                        {training(result), fc::member_table(result)},
                        "Losses by epoch, and the networks"});
    sections.push_back({"gradients",
                        "Gradient flow",
                        "",
                        "How strongly the loss depends on the network's state some steps before the end of "
                        "its window.",
                        {gradient_flow_part(result.gradient_flow, result.gradient_flow_note)},
                        "Norms of gradients, gates and spectra"});
  }
  sections.push_back({"settings", "Settings", "", "", {settings_part(fc::settings_of(result))}});
  return sections;
}

using Names = std::map<std::string, std::string>;

Names names_of(const ForecastReportText& text) {
  Names names;
  for (const std::string& pair : text.names) {
    const std::size_t sign = pair.find('=');
    if (sign == pair.npos || sign == 0 || sign + 1 == pair.size()) {
      throw Error(ErrorKind::usage, "--names has a name without a column")
          .seen("'" + pair + "'")
          .expected("COLUMN=NAME, several with commas between: sales=Units sold,temp=Temperature");
    }
    names[pair.substr(0, sign)] = pair.substr(sign + 1);
  }
  return names;
}

/// The result with names of one's own for columns, and for the targets in the list of targets.
ForecastResult with_names(const ForecastResult& given, const ForecastReportText& text) {
  ForecastResult result = given;
  const Names names = names_of(text);
  const auto rename = [&](std::string& column) {
    if (const auto found = names.find(column); found != names.end()) column = found->second;
  };
  result.target.clear();
  for (std::string& target : result.targets) {
    rename(target);
    result.target += (result.target.empty() ? "" : ",") + target;
  }
  for (ForecastSeries& series : result.series) rename(series.target);
  for (ForecastAnomaly& anomaly : result.anomalies) rename(anomaly.target);
  for (ForecastKnown& column : result.known) rename(column.name);
  constexpr std::string_view kOwnPast = " (its own past)";
  for (ForecastImportance& input : result.importance) {
    const bool own = input.name.ends_with(kOwnPast);
    if (own) input.name.resize(input.name.size() - kOwnPast.size());
    rename(input.name);
    if (own) input.name += kOwnPast;
  }
  return result;
}

}  // namespace

Page forecast_page(const ForecastResult& given, const std::string& command, const std::string& created,
                   const ForecastReportText& text) {
  const auto renamed =
      text.names.empty() ? nullptr : std::make_unique<ForecastResult>(with_names(given, text));
  const ForecastResult& result = renamed ? *renamed : given;
  Page page{.kind = "forecast report",
            .title = !text.title.empty()     ? text.title
                     : result.target.empty() ? "Forecast"
                                             : "Forecast of " + result.target,
            .subtitle = subtitle(result, created),
            .verdict = verdict_of(result),
            .figures = {next_value(result, text.unit), typical_error(result, text.unit), skill(result),
                        backtest_span(result)},
            .notes = result.notes,
            .warnings = result.warnings,
            .sections = sections_of(result, text.unit),
            .command = command};
  const auto made = [&](const char* name, std::string value) {
    if (!value.empty()) page.made.emplace_back(name, std::move(value));
  };
  made("rondo", std::string(kVersion));
  made("Made", created);
  made("Data", source_name(result));
  if (fc::uses_networks(result)) made("Network", cell_name(result.cell));
  made("Seed", std::to_string(result.seed));
  if (result.threads > 0) made("Threads", std::to_string(result.threads));
  if (!result.loss.empty()) made("Epochs", std::to_string(result.loss.size()));
  if (result.seconds_train > 0) made("Training time", format_seconds(result.seconds_train));
  if (result.seconds_total > 0) made("Total time", format_seconds(result.seconds_total));
  page.data = Json::object({{"target", result.target},
                            {"unit", text.unit},
                            {"horizon", result.horizon},
                            {"skill_against", forecaster_name(result.skill_against)},
                            {"made_of", fc::largest_shares(result.shares, 4)}});
  fc::add_series_data(result, page.data);
  return page;
}

}  // namespace rondo
