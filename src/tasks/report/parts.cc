// The parts that any task's page is made of; each has its template in assets/.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/tasks/page.h"
#include "tasks/report/assets.h"
#include "tasks/report/format.h"

namespace rondo {
namespace {

/// A share as the per cent of a CSS width.
std::string width(double share) {
  return detail::print("%.1f", std::isfinite(share) ? 100 * std::clamp(share, 0.0, 1.0) : 0.0);
}

void check_count(const std::string& where, std::size_t seen, std::size_t expected, const char* what) {
  if (seen == expected) return;
  throw Error(ErrorKind::usage, "the lengths of a page's part do not fit together")
      .where(where)
      .seen(std::to_string(seen) + " " + what)
      .expected(std::to_string(expected));
}

Json cell_json(const TableCell& cell, const TableColumn& column, bool first) {
  const bool bar = column.kind == TableColumn::Kind::bar, words = column.kind == TableColumn::Kind::text;
  const auto text = [&](bool is_it) { return is_it ? Json::object({{"text", cell.text}}) : Json(false); };
  const bool plain = !first && !bar && !words && cell.mark == TableCell::Mark::none;
  const Json one = Json::object({{"size", width(std::abs(cell.bar))}, {"negative", cell.bar < 0}});
  const auto split = [&] {
    return Json::object({{"low", width(cell.bar)},
                         {"between", width(1 - cell.bar - *cell.rest)},
                         {"high", width(*cell.rest)}});
  };
  return Json::object({{"name", text(first)},
                       {"number", text(plain)},
                       {"words", text(words && !first)},
                       {"best", text(cell.mark == TableCell::Mark::best)},
                       {"remarkable", text(cell.mark == TableCell::Mark::remarkable)},
                       {"bar", bar && !cell.rest ? one : Json(false)},
                       {"split", bar && cell.rest ? split() : Json(false)}});
}

const char* css_class(PageTable::Layout layout) {
  switch (layout) {
    case PageTable::Layout::narrow: return "narrow";
    case PageTable::Layout::dense: return "wide";
    case PageTable::Layout::full: break;
  }
  return "full";
}

std::string course(const std::vector<double>& values) {
  return values.size() > 1 ? "from " + format_number(values.front()) + " to " + format_number(values.back())
                           : format_number(values.front());
}

}  // namespace

PagePart text_part(const std::vector<std::string>& paragraphs) {
  return asset_part("report/text.html", Json::object({{"paragraphs", Json::list(paragraphs)}}));
}

PagePart table_part(const PageTable& table) {
  Json columns = Json::array(), rows = Json::array();
  std::size_t numbers = 0;
  bool bars = false;
  for (const TableColumn& column : table.columns) {
    const bool bar = column.kind == TableColumn::Kind::bar;
    bars = bars || bar;
    numbers += column.kind == TableColumn::Kind::number;
    columns.push_back(Json::object(
        {{"title", column.title}, {"text", column.kind == TableColumn::Kind::text}, {"bar", bar}}));
  }
  const std::size_t shown = std::min(table.rows.size(), table.max_rows);
  for (std::size_t r = 0; r < shown; ++r) {
    const std::vector<TableCell>& row = table.rows[r];
    check_count("table '" + table.id + "'", row.size(), table.columns.size(), "cells in a row");
    Json cells = Json::array();
    for (std::size_t c = 0; c < row.size(); ++c) cells.push_back(cell_json(row[c], table.columns[c], c == 0));
    rows.push_back(Json::object({{"marked", table.marked_row == r}, {"cells", std::move(cells)}}));
  }
  const std::string left_out = shown == table.rows.size() ? ""
                                                          : "The first " + format_count(shown) + " of " +
                                                                format_count(table.rows.size()) + " rows.";
  return asset_part("report/table.html",
                    Json::object({{"id", table.id},
                                  {"title", table.title},
                                  {"label", table.title.empty() ? table.label : table.title},
                                  {"lead", table.lead},
                                  {"note", table.note},
                                  {"fold", table.fold},
                                  {"left_out", left_out},
                                  {"layout", std::string(css_class(table.layout)) + (bars ? " bars" : "")},
                                  {"figures", bars ? std::to_string(numbers - 1) : ""},
                                  {"columns", std::move(columns)},
                                  {"rows", std::move(rows)}}));
}

PagePart curves_part(const PageCurves& curves) {
  Json lines = Json::array();
  for (const PageCurve& curve : curves.curves)
    lines.push_back(Json::object({{"name", curve.name}, {"value", Json::list(curve.values)}}));
  return asset_part("report/curves.html",
                    Json::object({{"id", curves.id}, {"title", curves.title}, {"lead", curves.lead}}),
                    Json::object({{"id", curves.id},
                                  {"x", curves.x},
                                  {"y", curves.y},
                                  {"point", curves.point.empty() ? curves.x : curves.point},
                                  {"mark", static_cast<std::int64_t>(curves.mark)},
                                  {"mark_text", curves.mark_text},
                                  {"from_zero", curves.from_zero},
                                  {"lines", std::move(lines)}}));
}

PagePart training_part(const std::vector<double>& loss, const std::vector<double>& validation,
                       std::size_t best_epoch, const std::string& about_loss) {
  if (loss.empty()) return {};
  std::string lead = format_count(loss.size()) + (loss.size() == 1 ? " epoch" : " epochs") +
                     "; training loss " + course(loss);
  if (!validation.empty()) lead += ", validation loss " + course(validation);
  if (best_epoch > 0) lead += "; the weights kept are those of epoch " + format_count(best_epoch);
  PageCurves curves{.id = "training",
                    .lead = lead + "." + (about_loss.empty() ? "" : " " + about_loss),
                    .x = "epoch",
                    .y = "loss",
                    .point = "Epoch",
                    .curves = {{"Training loss", loss}},
                    .mark = best_epoch,
                    .mark_text = "best"};
  if (!validation.empty()) curves.curves.push_back({"Validation loss", validation});
  return curves_part(curves);
}

PagePart confusion_part(const ConfusionMatrix& matrix) {
  const std::size_t count = matrix.classes.size();
  const std::string where = "confusion matrix '" + matrix.id + "'";
  check_count(where, matrix.counts.size(), count, "rows, one a class");
  std::vector<std::int64_t> actual(count), predicted(count);
  std::int64_t right = 0;
  for (std::size_t a = 0; a < count; ++a) {
    check_count(where, matrix.counts[a].size(), count, "columns, one a class");
    right += matrix.counts[a][a];
    for (std::size_t p = 0; p < count; ++p) {
      actual[a] += matrix.counts[a][p];
      predicted[p] += matrix.counts[a][p];
    }
  }
  const auto share = [](std::int64_t part, std::int64_t all) {
    return all > 0 ? static_cast<double>(part) / static_cast<double>(all) : NAN;
  };
  Json rows = Json::array(), precision = Json::array();
  for (std::size_t a = 0; a < count; ++a) {
    Json cells = Json::array();
    for (std::size_t p = 0; p < count; ++p)
      cells.push_back(Json::object({{"count", format_count(static_cast<std::size_t>(matrix.counts[a][p]))},
                                    {"share", width(share(matrix.counts[a][p], actual[a]))},
                                    {"right", a == p}}));
    rows.push_back(Json::object({{"name", matrix.classes[a]},
                                 {"cells", std::move(cells)},
                                 {"recall", format_percent(share(matrix.counts[a][a], actual[a]))}}));
    precision.push_back(format_percent(share(matrix.counts[a][a], predicted[a])));
  }
  const std::int64_t all = std::accumulate(actual.begin(), actual.end(), std::int64_t{0});
  const std::string lead = format_count(static_cast<std::size_t>(right)) + " of " +
                           format_count(static_cast<std::size_t>(all)) + " are right (accuracy " +
                           format_percent(share(right, all)) + ").";
  return asset_part("report/confusion.html", Json::object({{"id", matrix.id},
                                                           {"lead", lead},
                                                           {"classes", Json::list(matrix.classes)},
                                                           {"rows", std::move(rows)},
                                                           {"precision", std::move(precision)}}));
}

PagePart heat_map_part(const HeatMap& map) {
  check_count("heat map '" + map.id + "'", map.values.size(), map.rows.size(), "rows of values, one a label");
  Json values = Json::array();
  for (const std::vector<double>& row : map.values) {
    check_count("heat map '" + map.id + "'", row.size(), map.columns.size(), "values in a row, one a label");
    values.push_back(Json::list(row));
  }
  return asset_part("report/heat_map.html",
                    Json::object({{"id", map.id}, {"title", map.title}, {"lead", map.lead}}),
                    Json::object({{"id", map.id},
                                  {"x", map.x},
                                  {"y", map.y},
                                  {"columns", Json::list(map.columns)},
                                  {"rows", Json::list(map.rows)},
                                  {"value", std::move(values)}}));
}

PagePart examples_part(const std::vector<PageExample>& examples) {
  Json items = Json::array();
  for (const PageExample& example : examples)
    items.push_back(Json::object({{"input", example.input},
                                  {"predicted", example.predicted},
                                  {"actual", example.right() ? "" : example.actual},
                                  {"tone", example.right() ? "right" : "wrong"},
                                  {"width", width(example.confidence)},
                                  {"confidence", format_percent(example.confidence)}}));
  return asset_part("report/examples.html", Json::object({{"examples", std::move(items)}}));
}

PagePart settings_part(const std::vector<PageSetting>& settings) {
  if (settings.empty()) return {};
  Json rows = Json::array();
  for (const PageSetting& setting : settings)
    rows.push_back(
        Json::object({{"name", setting.name}, {"value", setting.value}, {"origin", setting.origin}}));
  return asset_part("report/settings.html", Json::object({{"rows", std::move(rows)}}));
}

}  // namespace rondo
