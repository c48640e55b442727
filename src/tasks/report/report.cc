#include "rondo/tasks/report.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string_view>

#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"
#include "tasks/report/assets.h"
#include "tasks/report/format.h"
#include "tasks/report/report_data.h"
#include "tasks/report/score_table.h"
#include "tasks/report/sections.h"
#include "tasks/report/template.h"

namespace rondo {
namespace {

std::string title_of(const ForecastReport& report) {
  if (!report.title.empty()) return report.title;
  return report.target.empty() ? "Forecast" : "Forecast of " + report.target;
}

std::string counted(std::size_t n, std::string_view one, std::string_view many) {
  return format_count(n) + " " + std::string(n == 1 ? one : many);
}

std::string cell_name(const std::string& cell) {
  if (cell == "lstm") return "LSTM";
  if (cell == "gru") return "GRU";
  if (cell == "simple_rnn") return "SimpleRNN";
  return cell;
}

std::string subtitle(const ForecastReport& report) {
  std::size_t rows = 0;
  for (const ReportSeries& series : report.series) rows += series.values.size();
  std::string text = report.dataset.empty() ? "" : report.dataset + " · ";
  text += counted(rows, "row", "rows");
  if (report.series.size() > 1) text += " in " + counted(report.series.size(), "series", "series");
  if (!report.cell.empty()) text += " · " + cell_name(report.cell) + " network";
  if (report.horizon > 0) text += " · " + counted(report.horizon, "step", "steps") + " ahead";
  if (!report.created.empty()) text += " · " + report.created;
  return escape_html(text);
}

struct VerdictWords {
  std::string_view css_class, label, sentence;
};

VerdictWords verdict_words(ReportVerdict verdict) {
  switch (verdict) {
    case ReportVerdict::better:
      return {"better", "The network is better than every baseline",
              "In the backtest its error is lower than that of the best simple forecast."};
    case ReportVerdict::no_better_than_ridge:
      return {"no-better-than-ridge", "No better than a linear regression (ridge)",
              "A linear regression on the same window forecasts as well: the network adds nothing here."};
    case ReportVerdict::no_better_than_naive: break;
  }
  return {"no-better-than-naive", "No better than a naive forecast",
          "Repeating what was there before forecasts as well: do not rely on the network here."};
}

std::string headline_item(std::string_view term, const std::string& figure, const std::string& detail) {
  return "<div><dt>" + escape_html(term) + "</dt><dd class=\"figure\">" + escape_html(figure) +
         "</dd><dd class=\"detail\">" + escape_html(detail) + "</dd></div>\n";
}

/// Ends of the first step's 80 % band, from quantiles where there are any; NaN without.
std::pair<double, double> next_band80(const ReportForecast& forecast) {
  if (forecast.quantiles.empty()) {
    if (forecast.bands.empty()) return {kNotKnown, kNotKnown};
    return {forecast.bands.low80.front(), forecast.bands.high80.front()};
  }
  const auto at = [&](double level) {
    for (std::size_t k = 0; k < forecast.quantiles.levels.size(); ++k)
      if (std::abs(forecast.quantiles.levels[k] - level) < 1e-9) return forecast.quantiles.values[k].front();
    return kNotKnown;
  };
  return {at(0.1), at(0.9)};
}

/// Of many series no single next value is the headline: how many the model helps is.
std::string series_helped(const ForecastReport& report) {
  std::size_t helped = 0, compared = 0;
  for (const ReportSeries& series : report.series) {
    for (const ReportScore& score : series.scores) {
      if (score.name != report.skill_against || !std::isfinite(score.rmse)) continue;
      ++compared;
      if (series.scores.front().rmse < score.rmse) ++helped;
    }
  }
  return headline_item("Series", format_count(report.series.size()),
                       compared == 0 ? "one model for all"
                                     : "lower error than " + report.skill_against + " in " +
                                           format_count(helped) + " of " + format_count(compared));
}

std::string next_value(const ForecastReport& report) {
  if (report.series.size() > 1) return series_helped(report);
  const ReportSeries& series = report.series.front();
  const ReportForecast& forecast = series.forecast;
  if (forecast.mean.empty())
    return headline_item("Next value", format_number(kNotKnown), "no forecast was asked for");
  std::string detail = forecast.times.front();
  if (const auto [low, high] = next_band80(forecast); !std::isnan(low))
    detail += "; 80 % band " + format_number(low) + " to " + format_number(high);
  std::string figure = format_number(forecast.mean.front());
  if (!report.unit.empty() && report.unit.size() <= 4) figure += " " + report.unit;
  return headline_item("Next value", figure, detail);
}

std::string backtest_span(const ForecastReport& report) {
  std::size_t rows = 0;
  for (const ReportSeries& series : report.series) rows += series.backtest.times.size();
  const std::size_t stride = report.backtest_stride > 0 ? report.backtest_stride : report.horizon;
  std::string detail =
      report.horizon <= 1 ? "one step ahead" : counted(report.horizon, "step", "steps") + " ahead";
  if (stride > 1) detail += ", a new forecast every " + format_count(stride) + " rows";
  return headline_item("Tested on", counted(rows, "row", "rows"), rows > 0 ? detail : "no backtest");
}

const ReportScore* score_of(const ForecastReport& report, const std::string& name) {
  for (const ReportScore& score : report.scores)
    if (score.name == name) return &score;
  return nullptr;
}

std::string skill_item(const ForecastReport& report) {
  const std::string& rival = report.skill_against;
  if (rival.empty())
    return headline_item("Skill", format_percent(report.skill, true), "no baseline to compare with");
  const std::string skill = format_skill(report.skill);
  std::string detail = skill + ": ";
  if (skill == format_skill(0))
    detail += "the same error as " + rival;
  else
    detail += std::string("error ") + (report.skill < 0 ? "above" : "below") + " that of " + rival;
  if (report.series.size() > 1) detail += ", each series in steps of its own";
  return headline_item("Skill against " + rival, format_percent(report.skill, true), detail);
}

std::string headline(const ForecastReport& report) {
  std::string items = next_value(report);
  const ReportScore* best = score_of(report, report.skill_against);
  if (!report.scores.empty())
    items += headline_item(
        "Typical error (RMSE)", format_number(report.scores.front().rmse),
        best ? report.skill_against + ": " + format_number(best->rmse) : "in the units of the target");
  items += skill_item(report);
  return items + backtest_span(report);
}

/// A box of remarks below the headline.
std::string remarks(const std::vector<std::string>& texts, const std::string& id, const char* title) {
  if (texts.empty()) return "";
  std::string html = "<section id=\"" + id + "\" class=\"remarks " + id + "\" aria-labelledby=\"" + id +
                     "-title\"><h2 id=\"" + id + "-title\">" + title + "</h2><ul>";
  for (const std::string& text : texts) html += "<li>" + escape_html(text) + "</li>";
  return html + "</ul></section>\n";
}

std::string words_row(const std::string& name, const std::string& value) {
  return "<tr><th scope=\"row\">" + escape_html(name) + "</th><td>" + escape_html(value) + "</td>";
}

std::string settings(const ForecastReport& report) {
  if (report.settings.empty()) return "";
  std::string html =
      "<section id=\"settings\" aria-labelledby=\"settings-title\">\n<h2 "
      "id=\"settings-title\">Settings</h2>\n<div "
      "class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"settings-title\">\n"
      "<table class=\"words\"><thead><tr><th scope=\"col\">Setting</th><th scope=\"col\">Value</th>"
      "<th scope=\"col\">Set by</th></tr></thead><tbody>\n";
  for (const ReportSetting& setting : report.settings)
    html += words_row(setting.name, setting.value) + "<td>" + escape_html(setting.origin) + "</td></tr>\n";
  return html + "</tbody></table></div>\n</section>\n";
}

/// The words of a command, each kept in one piece where a line ends ("--" would break after its hyphens).
std::string command_words(std::string_view command) {
  std::string html;
  while (!command.empty()) {
    const std::size_t space = std::min(command.find(' '), command.size());
    if (space > 0) html += "<span>" + escape_html(command.substr(0, space)) + "</span>";
    if (space < command.size()) html += ' ';
    command.remove_prefix(std::min(space + 1, command.size()));
  }
  return html;
}

std::string made_table(const ForecastReport& report) {
  std::string html;
  if (!report.command.empty())
    html += "<p class=\"note\">The command that makes it again:</p>\n<pre><code>" +
            command_words(report.command) + "</code></pre>\n";
  html += "<table class=\"words\"><tbody>\n";
  const auto row = [&](const char* name, const std::string& value) {
    if (!value.empty()) html += words_row(name, value) + "</tr>\n";
  };
  row("rondo", report.version);
  row("Made", report.created);
  row("Data", report.dataset);
  row("Network", cell_name(report.cell));
  row("Seed", std::to_string(report.seed));
  if (report.threads > 0) row("Threads", std::to_string(report.threads));
  if (!report.training.loss.empty()) row("Epochs", std::to_string(report.training.loss.size()));
  if (report.train_seconds > 0) row("Training took", format_seconds(report.train_seconds));
  if (report.total_seconds > 0) row("All of it took", format_seconds(report.total_seconds));
  return html + "</tbody></table>";
}

/// Links to the sections that the page has.
std::string contents(const ForecastReport& report) {
  const bool backtest =
      !report.scores.empty() ||
      std::ranges::any_of(report.series, [](const ReportSeries& s) { return !s.backtest.times.empty(); });
  struct Entry {
    bool there;
    std::string_view id, title;
  };
  const Entry entries[] = {
      {report.series.size() > 1, "series-list", "All series"},
      {true, "forecast", "Forecast"},
      {backtest, "backtest", "Backtest"},
      {!report_sections::calibration(report).empty(), "calibration", "Calibration"},
      {backtest, "residuals", "Residuals"},
      {!report.anomalies.worst.empty(), "anomalies", "Anomalies"},
      {!report.importance.features.empty(), "importance", "Inputs"},
      {!report.training.loss.empty() || report.members.size() > 1, "training", "Training"},
      {!report_sections::gradient_flow(report).empty(), "gradients", "Gradient flow"},
      {!report.settings.empty(), "settings", "Settings"},
      {true, "made", "How it was made"},
  };
  std::string html = "<nav class=\"contents\" aria-label=\"On this page\"><ul>";
  for (const Entry& entry : entries)
    if (entry.there)
      html += "<li><a href=\"#" + std::string(entry.id) + "\">" + std::string(entry.title) + "</a></li>";
  return html + "</ul></nav>";
}

std::string scripts() {
  namespace assets = report_assets;
  std::string all;
  for (const std::string_view part :
       {assets::tools_script(), assets::charts_script(), assets::forecast_script(), assets::backtest_script(),
        assets::residuals_script(), assets::calibration_script(), assets::gradients_script(),
        assets::series_script(), assets::page_script()}) {
    all += part;
    all += '\n';
  }
  return all;
}

}  // namespace

std::string render_report(const ForecastReport& report) {
  check_report(report);
  const VerdictWords verdict = verdict_words(report.verdict);
  const std::map<std::string_view, std::function<std::string()>> parts = {
      {"version", [&] { return escape_html(report.version); }},
      {"title", [&] { return escape_html(title_of(report)); }},
      {"subtitle", [&] { return subtitle(report); }},
      {"verdict_class", [&] { return std::string(verdict.css_class); }},
      {"verdict_label", [&] { return std::string(verdict.label); }},
      {"verdict_sentence",
       [&] {
         return escape_html(report.verdict_sentence.empty() ? verdict.sentence : report.verdict_sentence);
       }},
      {"headline", [&] { return headline(report); }},
      {"warnings", [&] { return remarks(report.warnings, "warnings", "About the data"); }},
      {"notes", [&] { return remarks(report.notes, "notes", "About the forecast"); }},
      {"contents", [&] { return contents(report); }},
      {"scores",
       [&] { return score_table(report.scores, report.unit) + band_table(report.scores, report.unit); }},
      {"series_list", [&] { return report_sections::series_list(report); }},
      {"horizon_errors", [&] { return report_sections::horizon_errors(report); }},
      {"folds", [&] { return report_sections::folds(report); }},
      {"calibration", [&] { return report_sections::calibration(report); }},
      {"anomalies", [&] { return report_sections::anomalies(report); }},
      {"importance", [&] { return report_sections::importance(report); }},
      {"members", [&] { return report_sections::members(report); }},
      {"gradient_flow", [&] { return report_sections::gradient_flow(report); }},
      {"settings", [&] { return settings(report); }},
      {"made", [&] { return made_table(report); }},
      {"data", [&] { return escape_json_for_script(report_data_json(report)); }},
      {"css", [] { return std::string(report_assets::style()); }},
      {"script", [] { return scripts(); }},
      {"chart_js", [] { return std::string(report_assets::chart_js()); }},
      {"chart_js_licence", [] { return std::string(report_assets::chart_js_licence()); }},
  };
  return fill_template(report_assets::page(), [&](std::string_view name) {
    const auto part = parts.find(name);
    if (part == parts.end())
      throw Error(ErrorKind::usage, "the report's page asks for a part that does not exist")
          .where("src/tasks/report/assets/report.html")
          .seen("{{" + std::string(name) + "}}")
          .fix("add it to render_report or take it out of the page");
    return part->second();
  });
}

void write_report(const std::filesystem::path& path, const ForecastReport& report) {
  write_file_atomically(path.string(), render_report(report));
}

}  // namespace rondo
