#include "tasks/report/sections.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tasks/report/format.h"
#include "tasks/report/html.h"
#include "tasks/report/score_table.h"

namespace rondo::report_sections {
namespace {

using html::cell;
using html::row_title;

constexpr std::size_t kMaxFolds = 200, kMaxMembers = 100, kMaxFeatures = 60, kMaxAnomalies = 50;

std::string left_out(std::size_t shown, std::size_t total, const char* what) {
  if (shown >= total) return "";
  return "<p class=\"note\">The first " + format_count(shown) + " of " + format_count(total) + " " + what +
         ".</p>\n";
}

/// Of a surprise: one decimal says enough.
std::string format_score(double score) {
  return format_number_beside(score, std::max(100.0, std::abs(score)));
}

std::string count_or_dash(std::size_t count) { return count > 0 ? format_count(count) : "–"; }

double largest_of(const std::vector<double>& values) {
  double largest = 0;
  for (const double v : values)
    if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
  return largest;
}

std::string chart(const char* id, const char* height = "") {
  return std::string("<div class=\"chart ") + height + "\"><canvas id=\"" + id +
         "\" role=\"img\"></canvas></div>\n";
}

}  // namespace

std::string series_list(const ForecastReport& report) {
  if (report.series.size() < 2) return "";
  return R"(<section id="series-list" aria-labelledby="series-list-title">
  <h2 id="series-list-title">All series</h2>
  <p class="lead" id="series-list-lead"></p>
  <div class="chart-bar"><label class="search">Search <input type="search" id="series-search" autocomplete="off"></label>
    <span class="pager"><button type="button" id="series-back" aria-label="Rows before">‹</button>
    <span id="series-page" aria-live="polite"></span>
    <button type="button" id="series-on" aria-label="Rows after">›</button></span></div>
  <div class="scroll" tabindex="0" role="region" aria-labelledby="series-list-title"><table id="series-table" class="wide"></table></div>
  <p class="note" id="series-list-note"></p>
</section>
)";
}

std::string horizon_errors(const ForecastReport& report) {
  const auto& lines = report.horizon_errors.forecasters;
  if (lines.empty() || lines.front().values.size() < 2) return "";
  return "<h3 id=\"steps-title\">Error by step of the horizon</h3>\n<p class=\"lead\" "
         "id=\"steps-lead\"></p>\n"
         "<div class=\"chart-bar\"><div class=\"keys\" id=\"steps-keys\"></div></div>\n" +
         chart("steps-chart") +
         "<details id=\"steps-numbers\"><summary>The errors by step as a table</summary></details>\n";
}

std::string folds(const ForecastReport& report) {
  if (report.folds.empty()) return "";
  const std::vector<ReportScore>& names = report.folds.front().scores;
  std::string html =
      "<h3 id=\"folds-title\">Fold by fold</h3>\n<p class=\"lead\">Every fold forecasts rows that come after "
      "all it "
      "learnt from.</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
      "aria-labelledby=\"folds-title\">\n"
      "<table><thead><tr><th scope=\"col\">Fold</th><th scope=\"col\" class=\"text\">Learnt until</th>"
      "<th scope=\"col\" class=\"text\">Tested on</th><th scope=\"col\">Origins</th>";
  for (const ReportScore& score : names)
    html += "<th scope=\"col\">" + escape_html(capital(score.name)) + "</th>";
  html += "</tr></thead><tbody>\n";
  std::vector<double> all;
  for (const ReportFold& fold : report.folds)
    for (const ReportScore& score : fold.scores) all.push_back(score.rmse);
  const double largest = largest_of(all);
  const std::size_t shown = std::min(report.folds.size(), kMaxFolds);
  bool any_not_refitted = false;
  for (std::size_t i = 0; i < shown; ++i) {
    const ReportFold& fold = report.folds[i];
    any_not_refitted = any_not_refitted || !fold.refitted;
    std::string learnt = fold.train_end;
    if (fold.train_rows > 0) learnt += " (" + format_count(fold.train_rows) + " rows)";
    html += "<tr>" + row_title(std::to_string(i + 1) + (fold.refitted ? "" : " *")) +
            "<td class=\"text times\">" + escape_html(learnt) + "</td><td class=\"text times\">" +
            escape_html(fold.test_begin + (fold.test_end.empty() || fold.test_end == fold.test_begin
                                               ? ""
                                               : " to " + fold.test_end)) +
            "</td>" + cell(count_or_dash(fold.origins));
    std::vector<double> errors;
    for (const ReportScore& score : fold.scores) errors.push_back(score.rmse);
    const double best = lowest(errors);
    for (const double error : errors) html += cell(format_number_beside(error, largest), error == best);
    html += "</tr>\n";
  }
  html += "</tbody></table></div>\n<p class=\"note\">RMSE of each forecaster, the best of each fold bold.";
  if (any_not_refitted) html += " * Not trained anew: the network of the fold before, with newer inputs.";
  return html + "</p>\n" + left_out(shown, report.folds.size(), "folds");
}

std::string calibration(const ForecastReport& report) {
  const ReportCalibration& given = report.calibration;
  const bool coverage = !given.nominal.empty();
  const bool pit = std::ranges::any_of(given.pit, [](double v) { return v >= 0 && v <= 1; });
  if (!coverage && !pit) return "";
  std::string html =
      "<section id=\"calibration\" aria-labelledby=\"calibration-title\">\n<h2 id=\"calibration-title\">Do "
      "the "
      "probabilities hold?</h2>\n<p class=\"lead\" id=\"calibration-lead\"></p>\n<div class=\"panels\">\n";
  if (coverage)
    html +=
        "<figure><figcaption>Bands <span class=\"muted\">share of rows inside, promised and "
        "held</span></figcaption>" +
        chart("coverage-chart", "square") + "</figure>\n";
  if (pit)
    html +=
        "<figure><figcaption>Where the truth fell <span class=\"muted\">rows by tenth of the "
        "distribution</span></figcaption>" +
        chart("pit-chart", "square") + "</figure>\n";
  return html +
         "</div>\n<p class=\"note\" id=\"calibration-note\"></p>\n<details id=\"calibration-numbers\">"
         "<summary>The calibration as a table</summary></details>\n</section>\n";
}

namespace {

/// What is said of the rows that are marked.
std::string marked_words(const ReportAnomalies& anomalies) {
  if (std::isnan(anomalies.remarkable)) return "They are marked in the chart of the history.";
  const auto marked = static_cast<std::size_t>(
      std::ranges::count_if(anomalies.worst, [&](const ReportAnomaly& a) { return anomalies.marks(a); }));
  char limit[48];
  std::snprintf(limit, sizeof limit, "a score of %g", anomalies.remarkable);
  if (marked == 0) return std::string("None lies beyond ") + limit + ": nothing was remarkable.";
  return (marked == 1 ? "One lies" : format_count(marked) + " lie") + " beyond " + limit + " and " +
         (marked == 1 ? "is" : "are") + " marked (◇), here and in the chart of the history.";
}

std::string score_cell(const ReportAnomalies& anomalies, const ReportAnomaly& anomaly) {
  const std::string score = format_score(anomaly.score);
  if (std::isnan(anomalies.remarkable) || !anomalies.marks(anomaly)) return cell(score);
  return "<td class=\"remarkable\"><strong>◇ " + score + "</strong></td>";
}

}  // namespace

std::string anomalies(const ForecastReport& report) {
  const std::vector<ReportAnomaly>& worst = report.anomalies.worst;
  if (worst.empty()) return "";
  const bool several = report.series.size() > 1;
  const bool expected =
      std::ranges::any_of(worst, [](const ReportAnomaly& a) { return !std::isnan(a.expected); });
  const bool banded =
      std::ranges::any_of(worst, [](const ReportAnomaly& a) { return !std::isnan(a.low + a.high); });
  std::string html =
      "<section id=\"anomalies\" aria-labelledby=\"anomalies-title\">\n<h2 id=\"anomalies-title\">Rows that "
      "surprised "
      "the model</h2>\n<p class=\"lead\">The strangest first";
  if (!report.anomalies.score.empty()) html += "; the score is the " + escape_html(report.anomalies.score);
  html +=
      ". " + marked_words(report.anomalies) +
      "</p>\n<div class=\"scroll\" tabindex=\"0\" "
      "role=\"region\" "
      "aria-labelledby=\"anomalies-title\">\n<table id=\"anomalies-table\" class=\"narrow\"><thead><tr><th "
      "scope=\"col\">Time</th>";
  if (several) html += "<th scope=\"col\" class=\"text\">Series</th>";
  html += "<th scope=\"col\">Score</th><th scope=\"col\">Actual</th>";
  if (expected) html += "<th scope=\"col\">Expected</th>";
  if (banded) html += "<th scope=\"col\">95 % band</th>";
  html += "</tr></thead><tbody>\n";
  const std::size_t shown = std::min(worst.size(), kMaxAnomalies);
  double largest = 0;
  for (const ReportAnomaly& anomaly : worst)
    largest = std::max(largest, std::abs(report.series[anomaly.series].values[anomaly.row]));
  // Series of one table may live on scales of their own.
  const auto shape = [&](double value) {
    return several ? format_number(value) : format_number_beside(value, largest);
  };
  for (std::size_t i = 0; i < shown; ++i) {
    const ReportSeries& series = report.series[worst[i].series];
    html += "<tr>" + row_title(series.times[worst[i].row]);
    if (several) html += "<td class=\"text\">" + escape_html(series.name) + "</td>";
    html += score_cell(report.anomalies, worst[i]) + cell(shape(series.values[worst[i].row]));
    if (expected) html += cell(shape(worst[i].expected));
    if (banded)
      html += cell(std::isnan(worst[i].low + worst[i].high)
                       ? "–"
                       : shape(worst[i].low) + " to " + shape(worst[i].high));
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n" + left_out(shown, worst.size(), "rows") + "</section>\n";
}

std::string importance(const ForecastReport& report) {
  if (report.importance.features.empty()) return "";
  std::vector<ReportFeature> features = report.importance.features;
  std::ranges::stable_sort(features, [](const ReportFeature& a, const ReportFeature& b) {
    return (std::isnan(a.increase) ? -INFINITY : a.increase) >
           (std::isnan(b.increase) ? -INFINITY : b.increase);
  });
  std::vector<double> increases;
  bool spread = false;
  for (const ReportFeature& feature : features) {
    increases.push_back(feature.increase);
    spread = spread || !std::isnan(feature.spread);
  }
  const double largest = largest_of(increases);
  const std::string measure =
      report.importance.measure.empty() ? "error" : escape_html(report.importance.measure);
  std::string html =
      "<section id=\"importance\" aria-labelledby=\"importance-title\">\n<h2 id=\"importance-title\">What "
      "the model "
      "looks at</h2>\n<p class=\"lead\">How much the error (" +
      measure + ", " + format_number(report.importance.error) +
      ") grows when one input is shuffled among the rows, so that it says nothing any more. Close to 0: the "
      "model does "
      "without it. Inputs that tell the same share what they are worth." +
      (report.importance.how.empty() ? std::string() : " " + escape_html(report.importance.how)) +
      "</p>\n<div class=\"scroll\" "
      "tabindex=\"0\" "
      "role=\"region\" aria-labelledby=\"importance-title\">\n<table class=\"bars\" style=\"--figures:" +
      std::string(spread ? "3" : "2") +
      "\"><thead><tr><th "
      "scope=\"col\">Input"
      "</th><th scope=\"col\" class=\"bar-column\"><span class=\"unseen\">Bar</span></th><th "
      "scope=\"col\">Increase</th>"
      "<th scope=\"col\">Relative</th>";
  if (spread) html += "<th scope=\"col\">±</th>";
  html += "</tr></thead><tbody>\n";
  const std::size_t shown = std::min(features.size(), kMaxFeatures);
  for (std::size_t i = 0; i < shown; ++i) {
    const ReportFeature& feature = features[i];
    html += "<tr>" + row_title(feature.name) + html::bar(feature.increase, largest) +
            cell(format_number_beside(feature.increase, largest)) +
            cell(format_percent(feature.increase / report.importance.error, true));
    if (spread) html += cell(format_number_beside(feature.spread, largest));
    html += "</tr>\n";
  }
  html += "</tbody></table></div>\n";
  if (shown < features.size())
    html += "<p class=\"note\">The " + format_count(shown) + " that matter most of " +
            format_count(features.size()) + " inputs.</p>\n";
  return html + "</section>\n";
}

namespace {

std::string calibration_text(const ForecastReport& report) {
  const std::size_t best = report.training.best_epoch;
  return best > 0 ? ", those of epoch " + format_count(best) + " for all networks" : "";
}

}  // namespace

std::string members(const ForecastReport& report) {
  const std::vector<ReportMember>& all = report.members;
  if (all.size() < 2) return "";
  const auto any = [&](auto has) { return std::ranges::any_of(all, has); };
  const bool seeded = any([](const ReportMember& m) { return m.seed > 0; });
  const bool held = any([](const ReportMember& m) { return !m.held_out.empty(); });
  const bool epochs = any([](const ReportMember& m) { return m.epochs > 0; });
  const bool best = any([](const ReportMember& m) { return m.best_epoch > 0; });
  const bool loss = any([](const ReportMember& m) { return !std::isnan(m.validation_loss); });
  const bool weight = any([](const ReportMember& m) { return !std::isnan(m.weight); });
  const bool rmse = any([](const ReportMember& m) { return !std::isnan(m.rmse); });
  const bool seconds = any([](const ReportMember& m) { return !std::isnan(m.seconds); });
  std::vector<double> losses, errors;
  for (const ReportMember& member : all) {
    losses.push_back(member.validation_loss);
    errors.push_back(member.rmse);
  }
  std::string html = "<h3 id=\"members-title\">The ensemble</h3>\n<p class=\"lead\">" +
                     format_count(all.size()) + " networks were trained; the forecast is their " +
                     (weight ? "weighted " : "") +
                     "mean.</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                     "aria-labelledby=\"members-title\">\n<table>"
                     "<thead><tr><th scope=\"col\">Network</th>";
  const auto head = [&](bool has, const char* title, const char* css = "") {
    if (has) html += std::string("<th scope=\"col\"") + css + ">" + title + "</th>";
  };
  head(seeded, "Seed");
  head(held, "Judged by", " class=\"text\"");
  head(epochs, "Epochs");
  head(best, "Best epoch");
  head(loss, "Validation loss");
  head(rmse, "RMSE alone");
  head(weight, "Weight");
  head(seconds, "Took");
  html += "</tr></thead><tbody>\n";
  const std::size_t shown = std::min(all.size(), kMaxMembers);
  for (std::size_t i = 0; i < shown; ++i) {
    const ReportMember& member = all[i];
    html += "<tr>" + row_title(member.name.empty() ? std::to_string(i + 1) : member.name);
    if (seeded) html += cell(std::to_string(member.seed));
    if (held) html += "<td class=\"text\">" + escape_html(member.held_out) + "</td>";
    if (epochs) html += cell(count_or_dash(member.epochs));
    if (best) html += cell(count_or_dash(member.best_epoch));
    if (loss)
      html += cell(format_number_beside(member.validation_loss, largest_of(losses)),
                   member.validation_loss == lowest(losses));
    if (rmse)
      html += cell(format_number_beside(member.rmse, largest_of(errors)), member.rmse == lowest(errors));
    if (weight) html += cell(format_percent(member.weight));
    if (seconds) html += cell(format_seconds(member.seconds));
    html += "</tr>\n";
  }
  html += "</tbody></table></div>\n";
  if (loss)
    html +=
        "<p class=\"note\">Validation loss: on the rows that the network did not learn from, with the "
        "weights that "
        "were kept" +
        calibration_text(report) + (best ? ". Best epoch: where that network's own loss is lowest." : ".") +
        "</p>\n";
  return html + left_out(shown, all.size(), "networks");
}

}  // namespace rondo::report_sections
