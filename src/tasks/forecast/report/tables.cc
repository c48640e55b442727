#include "tasks/forecast/report/tables.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string_view>

#include "tasks/forecast/evaluation/backtest.h"
#include "tasks/forecast/report/drawn_series.h"
#include "tasks/report/format.h"

namespace rondo::forecasting {
namespace {

using Kind = TableColumn::Kind;

struct Measure {
  std::string_view title;
  double ForecastScore::*value;
  std::string_view note;
};

constexpr std::array<Measure, 15> kMeasures = {{
    {"RMSSE, geometric mean", &ForecastScore::geometric_rmsse,
     "The geometric mean over series of each one's RMSSE (RMSE by the naive step of its training part) lets "
     "no "
     "single series decide."},
    {"Series won", &ForecastScore::series_won,
     "Series won: share of the series in which the forecast's RMSE is lower than this one's."},
    {"RMSE", &ForecastScore::rmse, ""},
    {"MAE", &ForecastScore::mae, ""},
    {"MASE", &ForecastScore::mase,
     "MASE is the MAE divided by that of a naive forecast on the training part; below 1 is better than "
     "naive."},
    {"sMAPE %", &ForecastScore::smape, "sMAPE is in percent, 0 to 200."},
    {"MAPE %", &ForecastScore::mape, "MAPE is in percent of the actual value."},
    {"RMSSE", &ForecastScore::rmsse, "RMSSE is MASE's counterpart for squared errors."},
    {"OWA", &ForecastScore::owa,
     "OWA is the mean of sMAPE and MASE, each divided by that of Naive2, as in the M4 competition."},
    {"CRPS", &ForecastScore::crps,
     "CRPS scores the whole forecast distribution; for a point forecast it is the absolute error."},
    {"Quantile loss", &ForecastScore::quantile_loss,
     "Quantile loss is twice the pinball loss of the quantiles divided by the sum of absolute actual "
     "values."},
    {"MSE", &ForecastScore::mse, "MSE has the unit of the target squared."},
    {"MSE, scaled", &ForecastScore::mse_scaled,
     "Scaled errors are those of z-scores (mean and deviation of the training part)."},
    {"MAE, scaled", &ForecastScore::mae_scaled, ""},
    {"p-value", &ForecastScore::p_value,
     "p-value: Diebold–Mariano test of equal accuracy of this method and the forecast."},
}};

double largest_of(const std::vector<double>& values) {
  double largest = 0;
  for (const double v : values)
    if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
  return largest;
}

/// Numbers of one column with the same decimals; the lowest is the best.
std::vector<TableCell> error_cells(const std::vector<double>& values, double largest) {
  double best = INFINITY;
  for (const double v : values)
    if (v < best) best = v;
  const bool alone = std::ranges::count_if(values, [](double v) { return !std::isnan(v); }) < 2;
  std::vector<TableCell> cells;
  for (const double v : values)
    cells.push_back({format_number_beside(v, largest),
                     v == best && !alone ? TableCell::Mark::best : TableCell::Mark::none});
  return cells;
}

std::vector<TableCell> score_cells(const Measure& measure, const std::vector<double>& values) {
  const bool p_value = measure.value == &ForecastScore::p_value;
  if (!p_value && measure.value != &ForecastScore::series_won) return error_cells(values, largest_of(values));
  std::vector<TableCell> cells;
  for (const double v : values)
    cells.push_back({!p_value ? format_percent(v) : v < 0.001 ? "< 0.001" : format_number_beside(v, 1)});
  return cells;
}

void add_column(PageTable& table, TableColumn column, std::vector<TableCell> cells) {
  table.columns.push_back(std::move(column));
  for (std::size_t r = 0; r < table.rows.size(); ++r) table.rows[r].push_back(std::move(cells[r]));
}

/// The best of the leaderboard, the forecast and the baselines among them.
std::vector<ForecastScore> listed_scores(const ForecastResult& result, std::size_t& left_out) {
  constexpr std::size_t kBest = 10;
  const std::vector<ForecastScore> all = forecast_leaderboard(result);
  std::vector<ForecastScore> listed;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string& name = all[i].name;
    if (i < kBest || name == result.test.name ||
        std::ranges::count(result.baselines, name, &ForecastScore::name) > 0)
      listed.push_back(all[i]);
  }
  left_out = all.size() - listed.size();
  return listed;
}

}  // namespace

PagePart leader_table(const ForecastResult& result, const std::string& unit) {
  std::size_t left_out = 0;
  const std::vector<ForecastScore> scores = listed_scores(result, left_out);
  if (scores.empty()) return {};
  std::vector<double> errors, won, luck;
  for (const ForecastScore& score : scores) {
    errors.push_back(score.compared);
    won.push_back(score.series_won);
    luck.push_back(score.p_value);
  }
  const double largest = largest_of(errors);
  const bool in_units = result.measure == "RMSE" && !unit.empty();
  PageTable table{
      .id = "leaders",
      .label = "Leaderboard",
      .lead = "Errors of the backtest, best first. Smaller is better.",
      .marked_row = std::ranges::find(scores, result.test.name, &ForecastScore::name) - scores.begin(),
      .columns = {
          {"Forecaster"}, {"", Kind::bar}, {capital(result.measure) + (in_units ? ", " + unit : "")}}};
  const std::vector<TableCell> cells = error_cells(errors, largest);
  for (std::size_t i = 0; i < scores.size(); ++i)
    table.rows.push_back({{capital(forecaster_name(scores[i].name))},
                          {.bar = largest > 0 ? errors[i] / largest : 0},
                          cells[i]});
  std::vector<TableCell> relative;
  for (const double error : errors)
    relative.push_back(
        {error == result.test.compared ? "–" : format_percent(error / result.test.compared - 1, true)});
  add_column(table, {"Against the forecast"}, std::move(relative));
  const auto is_unknown = [](double value) { return std::isnan(value); };
  if (!std::ranges::all_of(won, is_unknown)) {
    add_column(table, {"Series won"}, score_cells({"", &ForecastScore::series_won, ""}, won));
    table.note = "Series won: share of the series in which the forecast's RMSE is lower than this one's. ";
  }
  if (!std::ranges::all_of(luck, is_unknown)) {
    add_column(table, {"p-value"}, score_cells({"", &ForecastScore::p_value, ""}, luck));
    table.note += "p-value: how probable a difference as large as this is by luck (Diebold–Mariano).";
  }
  return table_part(table);
}

PagePart score_table(const ForecastResult& result) {
  std::size_t left_out = 0;
  const std::vector<ForecastScore> scores = listed_scores(result, left_out);
  if (scores.empty()) return {};
  PageTable table{
      .id = "scores",
      .title = "Errors in the backtest",
      .note = "Best first by what the verdict compares (" + result.measure +
              "). Smaller is better; the best of each column is bold. MAE and RMSE are in the "
              "units of the target.",
      .fold = "Other measures of error",
      .marked_row = std::ranges::find(scores, result.test.name, &ForecastScore::name) - scores.begin(),
      .columns = {{"Forecaster"}}};
  for (const ForecastScore& score : scores) table.rows.push_back({{capital(forecaster_name(score.name))}});
  const auto values_of = [&](double ForecastScore::*measure) {
    std::vector<double> values;
    for (const ForecastScore& score : scores) values.push_back(score.*measure);
    return values;
  };
  if (result.series.size() > 1 && result.test.compared != result.test.geometric_rmsse) {
    const std::vector<double> values = values_of(&ForecastScore::compared);
    const bool many = result.measure == kMeasureOfMany;
    add_column(table, {many ? "RMSSE, bounded" : "RMSE in steps"}, error_cells(values, largest_of(values)));
    table.note +=
        many ? " RMSSE, bounded, is the root of the mean over series of squared errors, each in units of "
               "the series' naive step or of all forecasts' errors, whichever is larger."
             : " RMSE in steps counts each series' errors in the size of its own changes from row to row.";
  }
  for (const Measure& measure : kMeasures) {
    const std::vector<double> values = values_of(measure.value);
    if (std::ranges::all_of(values, [](double v) { return std::isnan(v); })) continue;
    add_column(table, {std::string(measure.title)}, score_cells(measure, values));
    if (!measure.note.empty()) table.note += " " + std::string(measure.note);
  }
  if (left_out > 0)
    table.note += " " + format_count(left_out) + " methods with larger errors are left out; --json has all.";
  constexpr std::size_t kManyColumns = 10;
  if (table.columns.size() > kManyColumns) table.layout = PageTable::Layout::dense;
  return table_part(table);
}

bool uses_networks(const ForecastResult& result) {
  const bool share = std::ranges::count(result.shares, "network", &ForecastShare::name) > 0;
  return share || (!result.cell.empty() && result.options.likelihood != "point");
}

std::string largest_shares(const std::vector<ForecastShare>& shares, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(most, shares.size()); ++i)
    text += (i == 0 ? "" : ", ") + forecaster_name(shares[i].name) + " " + format_percent(shares[i].share);
  return text + (shares.size() > most ? " …" : "");
}

PagePart share_table(const ForecastResult& result) {
  if (result.shares.empty()) return {};
  const auto alone = static_cast<std::size_t>(
      std::ranges::count_if(result.series, [](const ForecastSeries& series) { return series.is_short; }));
  std::string lead =
      "Weights are chosen on rows held out before the test part, and follow what becomes known.";
  if (result.series.size() > 1)
    lead = "Mean of the weights over " + format_count(result.series.size()) +
           " series; the list of series has each. " + lead;
  if (alone > 0 && result.series.size() > 1)
    lead += " " + format_count(alone) +
            " of them have too few rows, or none that differ, for models of all series.";
  PageTable table{.id = "shares",
                  .label = "Shares of the forecast",
                  .lead = lead,
                  .layout = PageTable::Layout::narrow,
                  .columns = {{"Method"}, {"", Kind::bar}, {"Share"}}};
  for (const ForecastShare& share : result.shares)
    table.rows.push_back(
        {{capital(forecaster_name(share.name))}, {.bar = share.share}, {format_percent(share.share)}});
  return table_part(table);
}

PagePart band_table(const ForecastResult& result) {
  const ForecastScore& test = result.test;
  if (std::isnan(test.width80)) return {};
  const double largest =
      largest_of({test.width80, test.width95, test.interval_score80, test.interval_score95});
  const auto number = [&](double value) { return TableCell{format_number_beside(value, largest)}; };
  PageTable table{.id = "bands",
                  .title = "Prediction intervals in the backtest",
                  .note =
                      "A calibrated 80 % band contains 80 % of the rows, a 95 % band 95 %. Of calibrated "
                      "bands the narrower ones are better: the interval score is the width plus a penalty "
                      "for rows outside; smaller is better. Both are in the units of the target.",
                  .layout = PageTable::Layout::narrow,
                  .columns = {{"Band"}, {"Coverage"}, {"Mean width"}, {"Interval score"}}};
  table.rows = {{{"80 % band"},
                 {format_percent(result.coverage80)},
                 number(test.width80),
                 number(test.interval_score80)},
                {{"95 % band"},
                 {format_percent(result.coverage95)},
                 number(test.width95),
                 number(test.interval_score95)}};
  return table_part(table);
}

PagePart horizon_curves(const ForecastResult& result) {
  if (result.horizon < 2 || result.by_step.empty()) return {};
  PageCurves curves{.id = "steps",
                    .title = "Error by step of the horizon",
                    .x = "steps ahead",
                    .y = "RMSE",
                    .point = "Step",
                    .from_zero = true};
  for (std::size_t k = 0; k < result.by_step.size(); ++k) {
    const std::string name = forecaster_name(k == 0 ? "model" : result.baselines[k - 1].name);
    std::vector<double> values;
    for (const ForecastStepScore& score : result.by_step[k]) values.push_back(score.rmse);
    curves.curves.push_back({capital(name), std::move(values)});
  }
  const std::vector<double>& model = curves.curves.front().values;
  std::size_t beaten = 0;
  for (std::size_t h = 0; h < model.size(); ++h)
    beaten += std::any_of(curves.curves.begin() + 1, curves.curves.end(),
                          [&](const PageCurve& other) { return other.values[h] < model[h]; });
  curves.lead = "The forecast’s RMSE goes from " + format_number(model.front()) + " one step ahead to " +
                format_number(model.back()) + " after " + format_count(model.size()) + " steps. " +
                (beaten == 0              ? "No baseline is better at any step."
                 : beaten == model.size() ? "Some baseline is better at every step."
                                          : "Some baseline is better at " + format_count(beaten) + " of " +
                                                format_count(model.size()) + " steps.");
  return curves_part(curves);
}

PagePart fold_table(const ForecastResult& result) {
  const std::vector<BacktestFold> folds = backtest_folds(result);
  if (folds.empty()) return {};
  PageTable table{
      .id = "folds",
      .title = "Fold by fold",
      .lead = "Every fold forecasts rows that come after all of its training rows.",
      .note = "RMSE of each forecaster, the best of each fold bold.",
      .columns = {{"Fold"}, {"Trained until", Kind::text}, {"Tested on", Kind::text}, {"Origins"}}};
  const std::size_t forecasters = std::min(kFoldForecasters.size(), result.baselines.size() + 1);
  for (std::size_t k = 0; k < forecasters; ++k) table.columns.push_back({capital(kFoldForecasters[k])});
  std::vector<double> all;
  for (const BacktestFold& fold : folds)
    all.insert(all.end(), fold.rmse.begin(), fold.rmse.begin() + static_cast<std::ptrdiff_t>(forecasters));
  bool any_reused = false;
  for (std::size_t i = 0; i < folds.size(); ++i) {
    const BacktestFold& fold = folds[i];
    any_reused = any_reused || fold.reused;
    std::vector<TableCell>& row = table.rows.emplace_back();
    row = {{std::to_string(i + 1) + (fold.reused ? " *" : "")},
           {fold.train_end},
           {fold.test_begin + (fold.test_end == fold.test_begin ? "" : " to " + fold.test_end)},
           {format_count(fold.origins)}};
    const auto end = fold.rmse.begin() + static_cast<std::ptrdiff_t>(forecasters);
    for (TableCell& cell : error_cells({fold.rmse.begin(), end}, largest_of(all)))
      row.push_back(std::move(cell));
  }
  if (any_reused) table.note += " * Not retrained: the model of the fold before, with newer inputs.";
  return table_part(table);
}

PagePart importance_table(const ForecastResult& result) {
  const std::vector<ForecastImportance>& inputs = result.importance;
  if (inputs.empty()) return {};
  std::vector<double> increases;
  for (const ForecastImportance& input : inputs) increases.push_back(input.increase);
  const double largest = largest_of(increases);
  PageTable table{
      .id = "importance",
      .label = "Feature importance",
      .lead =
          "Permutation importance: by how much the error (RMSE in the scale of training, " +
          format_number(result.importance_error) +
          ") grows when one input is shuffled so that it carries no information. Close to 0: the model "
          "does without it. Correlated inputs share their importance. Columns are read from another time "
          "of their series, static columns from another series; of the target's own past the model reads "
          "what led up to another time, of the calendar another time's position in the day, week or year.",
      .columns = {{"Input"}, {"", Kind::bar}, {"Increase"}, {"Relative"}, {"±"}},
      .max_rows = 60};
  for (const ForecastImportance& input : inputs)
    table.rows.push_back({{input.name},
                          {.bar = largest > 0 ? input.increase / largest : 0},
                          {format_number_beside(input.increase, largest)},
                          {format_percent(input.increase / result.importance_error, true)},
                          {format_number_beside(input.spread, largest)}});
  return table_part(table);
}

PagePart member_table(const ForecastResult& result) {
  const std::vector<ForecastMember>& members = result.members;
  if (members.size() < 2) return {};
  PageTable table{
      .id = "members",
      .title = "The ensemble",
      .lead = format_count(members.size()) + " networks were trained; the forecast is their mean.",
      .columns = {{"Network"}, {"Validated on", Kind::text}, {"Best epoch"}},
      .max_rows = 100};
  std::vector<double> losses;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const ForecastMember& member = members[i];
    losses.push_back(member.validation_loss);
    table.rows.push_back(
        {{std::to_string(i + 1)},
         {member.fold > 0 ? "fifth " + std::to_string(member.fold) + " of 5" : "the validation part"},
         {member.best_epoch > 0 ? format_count(static_cast<std::size_t>(member.best_epoch)) : "–"}});
  }
  add_column(table, {"Validation loss"}, error_cells(losses, largest_of(losses)));
  table.note = "Validation loss: on rows held out from the training of that network, with the weights kept";
  if (result.best_epoch > 0)
    table.note +=
        ", those of epoch " + format_count(static_cast<std::size_t>(result.best_epoch)) + " for all networks";
  table.note += ". Best epoch: where that network's own loss is lowest.";
  return table_part(table);
}

}  // namespace rondo::forecasting
