#include "tasks/report/score_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "tasks/report/format.h"
#include "tasks/report/html.h"

namespace rondo {
namespace {

constexpr std::size_t kMaxWithoutWarning = 9;  // columns; more of them are set tighter

enum class Kind { error, probability };

struct Measure {
  std::string_view title;
  double ReportScore::*value;
  Kind kind;
  std::string_view note;
};

constexpr std::array<Measure, 13> kMeasures = {{
    {"MAE", &ReportScore::mae, Kind::error, ""},
    {"RMSE", &ReportScore::rmse, Kind::error, ""},
    {"MASE", &ReportScore::mase, Kind::error,
     "MASE is the MAE divided by that of a naive forecast on the training part; below 1 is better than "
     "naive."},
    {"sMAPE %", &ReportScore::smape, Kind::error, "sMAPE is in per cent, 0 to 200."},
    {"MAPE %", &ReportScore::mape, Kind::error, "MAPE is in per cent of the actual value."},
    {"RMSSE", &ReportScore::rmsse, Kind::error, "RMSSE is MASE's twin for squared errors."},
    {"OWA", &ReportScore::owa, Kind::error,
     "OWA is the mean of sMAPE and MASE, each divided by that of Naive2, as in the M4 competition."},
    {"CRPS", &ReportScore::crps, Kind::error,
     "CRPS judges the whole forecast distribution; for a single value it is the absolute error."},
    {"Quantile loss", &ReportScore::quantile_loss, Kind::error,
     "Quantile loss is twice the pinball loss of the quantiles by the size of the actual values."},
    {"MSE", &ReportScore::mse, Kind::error, "MSE has the unit of the target squared."},
    {"MSE, scaled", &ReportScore::mse_scaled, Kind::error,
     "Scaled errors are of z-scores by the training part."},
    {"MAE, scaled", &ReportScore::mae_scaled, Kind::error, ""},
    {"Chance", &ReportScore::p_value, Kind::probability,
     "Chance: how probable a difference to the model as large as this one is, were both equally good "
     "(p-value of the Diebold–Mariano test)."},
}};

struct Band {
  std::string_view title;
  double ReportScore::*coverage, ReportScore::*width, ReportScore::*score;
};

constexpr std::array<Band, 2> kBands = {
    {{"80 % band", &ReportScore::coverage80, &ReportScore::width80, &ReportScore::interval_score80},
     {"95 % band", &ReportScore::coverage95, &ReportScore::width95, &ReportScore::interval_score95}}};

std::vector<double> column(const std::vector<ReportScore>& scores, double ReportScore::*value) {
  std::vector<double> values;
  for (const ReportScore& score : scores) values.push_back(score.*value);
  return values;
}

bool is_shown(const Measure& measure, const std::vector<double>& values) {
  const bool basic = measure.value == &ReportScore::mae || measure.value == &ReportScore::rmse;
  return basic || std::ranges::any_of(values, [](double v) { return !std::isnan(v); });
}

std::string unit_words(const std::string& unit) {
  return unit.empty() ? "the units of the target" : escape_html(unit);
}

std::string cell(const Measure& measure, double value, const std::vector<double>& values) {
  if (measure.kind == Kind::probability)
    return "<td>" + (value < 0.001 ? std::string("&lt; 0.1 %") : format_percent(value)) + "</td>";
  double largest = 0;
  for (const double v : values)
    if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
  const std::string number = format_number_beside(value, largest);
  return value == lowest(values) ? "<td class=\"best\"><strong>" + number + "</strong></td>"
                                 : "<td>" + number + "</td>";
}

}  // namespace

std::string capital(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z')
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  return text;
}

double lowest(const std::vector<double>& errors) {
  double low = std::numeric_limits<double>::infinity();
  for (const double error : errors)
    if (error < low) low = error;
  return low;
}

std::string score_table(const std::vector<ReportScore>& scores, const std::string& unit) {
  if (scores.empty()) return "";
  std::string head, notes;
  std::vector<const Measure*> shown;
  for (const Measure& measure : kMeasures) {
    if (!is_shown(measure, column(scores, measure.value))) continue;
    shown.push_back(&measure);
    head += "<th scope=\"col\">" + std::string(measure.title) + "</th>";
    if (!measure.note.empty()) notes += " " + std::string(measure.note);
  }
  std::string html =
      "<h3 id=\"scores-title\">Errors in the backtest</h3>\n<div class=\"scroll\" tabindex=\"0\" "
      "role=\"region\" "
      "aria-labelledby=\"scores-title\">\n<table" +
      std::string(shown.size() > kMaxWithoutWarning ? " class=\"wide\"" : "") +
      "><thead><tr><th scope=\"col\">Forecaster</th>" + head + "</tr></thead><tbody>\n";
  for (const ReportScore& score : scores) {
    html += &score == &scores.front() ? "<tr class=\"model\">" : "<tr>";
    html += "<th scope=\"row\">" + escape_html(capital(score.name)) + "</th>";
    for (const Measure* measure : shown)
      html += cell(*measure, score.*measure->value, column(scores, measure->value));
    html += "</tr>\n";
  }
  return html +
         "</tbody></table></div>\n<p class=\"note\">Errors: smaller is better, the best of each column is "
         "bold. "
         "MAE and RMSE are in " +
         unit_words(unit) + "." + notes + "</p>\n";
}

std::string band_table(const std::vector<ReportScore>& scores, const std::string& unit) {
  std::string rows;
  double largest = 0;
  for (const ReportScore& score : scores)
    for (const Band& band : kBands)
      for (const double size : {score.*band.width, score.*band.score})
        if (std::isfinite(size)) largest = std::max(largest, size);
  for (const ReportScore& score : scores) {
    for (const Band& band : kBands) {
      if (std::isnan(score.*band.coverage) && std::isnan(score.*band.width)) continue;
      rows += "<tr>" + html::row_title(capital(score.name) + ", " + std::string(band.title)) +
              html::cell(format_percent(score.*band.coverage)) +
              html::cell(format_number_beside(score.*band.width, largest)) +
              html::cell(format_number_beside(score.*band.score, largest)) + "</tr>\n";
    }
  }
  if (rows.empty()) return "";
  return "<h3 id=\"bands-title\">Bands in the backtest</h3>\n<div class=\"scroll\" tabindex=\"0\" "
         "role=\"region\" aria-labelledby=\"bands-title\">\n<table class=\"narrow\"><thead><tr><th "
         "scope=\"col\">Band</th><th scope=\"col\">Rows inside</th><th scope=\"col\">Mean width</th><th "
         "scope=\"col\">Interval score</th></tr></thead><tbody>\n" +
         rows +
         "</tbody></table></div>\n<p class=\"note\">A good 80 % band holds 80 % of the rows, a good 95 % "
         "band 95 %. Of bands that do, the narrower ones say more; the interval score is the width and what "
         "misses cost, smaller is better. Both are in " +
         unit_words(unit) + ".</p>\n";
}

}  // namespace rondo
