#include <algorithm>
#include <cmath>

#include "tasks/report/format.h"
#include "tasks/report/html.h"
#include "tasks/report/score_table.h"
#include "tasks/report/sections.h"

namespace rondo::report_sections {
namespace {

const char* sign_of(GradientDiagnosis diagnosis) {
  return diagnosis == GradientDiagnosis::healthy ? "better" : "no-better-than-ridge";
}

std::string title_of(const std::string& names, const LayerGradientFlow& layer) {
  std::string cell = layer.cell;
  if (cell == "lstm" || cell == "gru" || cell == "mgu")
    std::ranges::transform(cell, cell.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  return names + " (" + cell + ", " + std::to_string(layer.units) + (layer.units == 1 ? " unit)" : " units)");
}

/// Layers of which the same is to be said, such as those of an ensemble, are named together.
bool alike(const LayerGradientFlow& a, const LayerGradientFlow& b) {
  return a.cell == b.cell && a.units == b.units && a.finding == b.finding && a.remedy == b.remedy;
}

/// "forget", or with several layers "lstm_1, forget".
std::string part_of(const GradientFlow& flow, const LayerGradientFlow& layer, const std::string& part) {
  return flow.layers.size() == 1 ? part : layer.layer + ", " + part;
}

std::string box(GradientDiagnosis diagnosis, const std::string& title, const std::string& text) {
  return std::string("<div class=\"finding ") + sign_of(diagnosis) + "\"><p class=\"finding-label\">" +
         "<span class=\"verdict-sign\" aria-hidden=\"true\"></span>" + escape_html(title) + "</p>\n" + text +
         "</div>\n";
}

/// A box for every finding that asks for something to be done, one for all layers that are well.
std::string verdicts(const GradientFlow& flow) {
  std::string ill, well;
  std::size_t healthy = 0;
  const LayerGradientFlow* only = nullptr;
  for (auto layer = flow.layers.begin(); layer != flow.layers.end(); ++layer) {
    const bool is_well = layer->diagnosis == GradientDiagnosis::healthy;
    if (is_well) only = healthy++ == 0 ? &*layer : nullptr;
    const auto same = [&](const LayerGradientFlow& other) { return alike(*layer, other); };
    if (std::any_of(flow.layers.begin(), layer, same)) continue;
    std::string names;
    for (const LayerGradientFlow& other : flow.layers)
      if (same(other)) names += (names.empty() ? "" : ", ") + other.layer;
    if (is_well) {
      well += "<p><strong>" + escape_html(title_of(names, *layer)) + ":</strong> " +
              escape_html(layer->finding) + ".</p>\n";
      continue;
    }
    std::string text = "<p>" + escape_html(capital(layer->finding)) + ".</p>";
    if (!layer->remedy.empty())
      text += "\n<p><strong>What helps:</strong> " + escape_html(layer->remedy) + "</p>";
    ill += box(layer->diagnosis, title_of(names, *layer), text);
  }
  if (healthy == 0) return ill;
  if (only != nullptr)
    return ill + box(GradientDiagnosis::healthy, title_of(only->layer, *only),
                     "<p>" + escape_html(capital(only->finding)) + ".</p>");
  return ill +
         box(GradientDiagnosis::healthy, format_count(healthy) + " layers give no cause for concern", well);
}

std::string gates(const GradientFlow& flow) {
  std::string rows;
  bool state = false, gate_rows = false;
  for (const LayerGradientFlow& layer : flow.layers) {
    for (const GateSaturation& gate : layer.gates) {
      const bool is_state = gate.low_limit < 0;
      state = state || is_state;
      gate_rows = gate_rows || !is_state;
      rows += "<tr>" + html::row_title(part_of(flow, layer, gate.gate)) +
              html::split_bar(gate.low, gate.high) + html::cell(format_percent(gate.low)) +
              html::cell(format_percent(gate.high)) + "</tr>\n";
    }
  }
  if (rows.empty()) return "";
  std::string limits = gate_rows ? "below 0.05 and above 0.95" : "";
  if (state) limits += std::string(gate_rows ? "; states: " : "") + "below −0.95 and above 0.95";
  return "<h3 id=\"gates-title\">How often gates are stuck</h3>\n<p class=\"note\">Share of activations at "
         "an end, where "
         "hardly anything is learnt (" +
         limits +
         "). A forget or update gate that stays open is no harm: it keeps the state.</p>\n<div "
         "class=\"scroll\" "
         "tabindex=\"0\" role=\"region\" aria-labelledby=\"gates-title\"><table class=\"bars\" "
         "style=\"--figures:2\"><thead><tr>"
         "<th scope=\"col\">Gate</th><th scope=\"col\" class=\"bar-column\"><span "
         "class=\"unseen\">Bar</span></th>"
         "<th scope=\"col\">Low end</th><th scope=\"col\">High end</th></tr></thead><tbody>\n" +
         rows + "</tbody></table></div>\n";
}

std::string blocks(const GradientFlow& flow) {
  std::string rows;
  for (const LayerGradientFlow& layer : flow.layers)
    for (const RecurrentBlock& block : layer.blocks)
      rows += "<tr>" + html::row_title(part_of(flow, layer, block.gate)) +
              html::cell(format_number_beside(block.spectral_radius, std::max(1.0, block.spectral_radius))) +
              html::cell(format_number_beside(block.largest_singular_value,
                                              std::max(1.0, block.largest_singular_value))) +
              "</tr>\n";
  if (rows.empty()) return "";
  return "<h3 id=\"spectra-title\">Recurrent weights</h3>\n<p class=\"note\">A radius far below 1 lets what "
         "passes the "
         "product fade from step to step, one far above lets it grow. Gated cells also keep their state "
         "without a "
         "product.</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
         "aria-labelledby=\"spectra-title\"><table>"
         "<thead><tr><th scope=\"col\">Block</th><th scope=\"col\">Spectral radius</th>"
         "<th scope=\"col\">Largest singular value</th></tr></thead><tbody>\n" +
         rows + "</tbody></table></div>\n";
}

}  // namespace

std::string gradient_flow(const ForecastReport& report) {
  const GradientFlow& flow = report.gradient_flow;
  const std::string& note = report.gradient_flow_note;
  if (flow.empty() && note.empty()) return "";
  const std::string head =
      "<section id=\"gradients\" aria-labelledby=\"gradients-title\">\n<h2 id=\"gradients-title\">Does "
      "learning reach back?</h2>\n<p class=\"lead\">How strongly the loss still depends on the network's "
      "state some steps before the end of its window.</p>\n" +
      (note.empty() ? "" : "<p class=\"note\">" + escape_html(note) + "</p>\n");
  if (flow.empty()) return head + "</section>\n";
  return head + verdicts(flow) +
         "<div class=\"chart-bar spaced\"><div class=\"keys\" id=\"gradient-keys\"></div></div>\n<div "
         "class=\"chart\">"
         "<canvas id=\"gradient-chart\" role=\"img\"></canvas></div>\n<p class=\"note\" "
         "id=\"gradient-note\"></p>\n"
         "<details id=\"gradient-numbers\"><summary>The norms as a table</summary></details>\n" +
         "<div class=\"panels\"><div>" + gates(flow) + "</div><div>" + blocks(flow) +
         "</div></div>\n</section>\n";
}

}  // namespace rondo::report_sections
