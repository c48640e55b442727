#include <algorithm>
#include <utility>

#include "rondo/base/error.h"
#include "rondo/tasks/page.h"
#include "tasks/report/assets.h"
#include "tasks/report/format.h"

namespace rondo {
namespace {

std::string title_of(const std::string& names, const LayerGradientFlow& layer) {
  return names + " (" + cell_name(layer.cell) + ", " + std::to_string(layer.units) +
         (layer.units == 1 ? " unit)" : " units)");
}

/// Layers with one finding, such as those of an ensemble, are named together.
bool alike(const LayerGradientFlow& a, const LayerGradientFlow& b) {
  return a.cell == b.cell && a.units == b.units && a.finding == b.finding && a.remedy == b.remedy;
}

/// "forget", or with several layers "lstm_1, forget".
std::string part_of(const GradientFlow& flow, const LayerGradientFlow& layer, const std::string& part) {
  return flow.layers.size() == 1 ? part : layer.layer + ", " + part;
}

Json finding(bool healthy, const std::string& title, const std::string& text, const std::string& remedy = {},
             Json layers = Json::array()) {
  return Json::object({{"tone", healthy ? "good" : "neutral"},
                       {"title", title},
                       {"text", text.empty() ? "" : capital(text) + "."},
                       {"remedy", remedy},
                       {"layers", std::move(layers)}});
}

/// A box for every finding that asks for something to be done, one for all layers that are healthy.
Json findings(const GradientFlow& flow) {
  Json boxes = Json::array(), healthy = Json::array();
  std::size_t count = 0;
  const LayerGradientFlow* last = nullptr;
  for (auto layer = flow.layers.begin(); layer != flow.layers.end(); ++layer) {
    const bool is_healthy = layer->diagnosis == GradientDiagnosis::healthy;
    if (is_healthy) {
      last = &*layer;
      ++count;
    }
    const auto same = [&](const LayerGradientFlow& other) { return alike(*layer, other); };
    if (std::any_of(flow.layers.begin(), layer, same)) continue;
    std::string names;
    for (const LayerGradientFlow& other : flow.layers)
      if (same(other)) names += (names.empty() ? "" : ", ") + other.layer;
    const std::string title = title_of(names, *layer);
    if (is_healthy)
      healthy.push_back(Json::object({{"title", title}, {"text", layer->finding}}));
    else
      boxes.push_back(finding(false, title, layer->finding, layer->remedy));
  }
  if (count == 1) boxes.push_back(finding(true, title_of(last->layer, *last), last->finding));
  if (count > 1)
    boxes.push_back(
        finding(true, format_count(count) + " layers give no cause for concern", "", "", healthy));
  return boxes;
}

std::string gates(const GradientFlow& flow) {
  PageTable table{.id = "gates",
                  .title = "Gate saturation",
                  .columns = {{"Gate"}, {"", TableColumn::Kind::bar}, {"Low end"}, {"High end"}}};
  bool states = false, gates = false;
  for (const LayerGradientFlow& layer : flow.layers) {
    for (const GateSaturation& gate : layer.gates) {
      (gate.low_limit < 0 ? states : gates) = true;
      table.rows.push_back({{part_of(flow, layer, gate.gate)},
                            {.bar = gate.low, .rest = gate.high},
                            {format_percent(gate.low)},
                            {format_percent(gate.high)}});
    }
  }
  if (table.rows.empty()) return "";
  std::string limits = gates ? "below 0.05 and above 0.95" : "";
  if (states) limits += std::string(gates ? "; states: " : "") + "below −0.95 and above 0.95";
  table.lead = "Share of activations near an end of their range (" + limits +
               "), where gradients almost vanish. A forget or update gate that stays open does no harm: it "
               "keeps the state.";
  return table_part(table).html;
}

std::string spectra(const GradientFlow& flow) {
  PageTable table{.id = "spectra",
                  .title = "Recurrent weights",
                  .lead =
                      "A spectral radius far below 1 makes what passes through the product decay from step "
                      "to step, one far above 1 makes it grow. Gated cells also carry their state without "
                      "a product.",
                  .columns = {{"Gate"}, {"Spectral radius"}, {"Largest singular value"}}};
  for (const LayerGradientFlow& layer : flow.layers)
    for (const GateSpectrum& spectrum : layer.spectra) {
      const auto number = [](double v) { return format_number_beside(v, std::max(1.0, v)); };
      table.rows.push_back({{part_of(flow, layer, spectrum.gate)},
                            {number(spectrum.spectral_radius)},
                            {number(spectrum.largest_singular_value)}});
    }
  return table.rows.empty() ? "" : table_part(table).html;
}

/// At most 400 pairs [steps back, norm]: of a longer line the first ones and an even choice of the others.
Json thinned(const std::vector<double>& norms) {
  constexpr std::size_t kMaxCount = 400, kFirst = 50;
  Json kept = Json::array();
  const auto keep = [&](std::size_t k) {
    kept.push_back(Json(Json::Array{static_cast<std::int64_t>(k), norms[k]}));
  };
  if (norms.empty()) return kept;
  const std::size_t last = norms.size() - 1;
  const std::size_t step =
      norms.size() <= kMaxCount ? 1 : (norms.size() + kMaxCount - kFirst - 2) / (kMaxCount - kFirst - 1);
  for (std::size_t k = 0; k < last; k += k < kFirst ? 1 : step) keep(k);
  keep(last);
  return kept;
}

Json data_of(const GradientFlow& flow) {
  Json layers = Json::array();
  for (const LayerGradientFlow& layer : flow.layers) {
    if (layer.norm.size() != layer.norm_from_end.size())
      throw Error(ErrorKind::usage, "the lengths of a page's part do not fit together")
          .where("gradient flow of '" + layer.layer + "'")
          .seen(std::to_string(layer.norm_from_end.size()) + " norms from the end")
          .expected(std::to_string(layer.norm.size()) + ", one for each norm");
    layers.push_back(Json::object({{"layer", layer.layer},
                                   {"norm", thinned(layer.norm)},
                                   {"norm_from_end", thinned(layer.norm_from_end)},
                                   {"steps", static_cast<std::int64_t>(layer.norm.size())},
                                   {"steps_for_99_percent", layer.steps_for_99_percent}}));
  }
  return Json::object({{"layers", std::move(layers)}});
}

}  // namespace

PagePart gradient_flow_part(const GradientFlow& flow, const std::string& note) {
  if (flow.empty() && note.empty()) return {};
  const Json tables = Json::object({{"gates", gates(flow)}, {"spectra", spectra(flow)}});
  return asset_part(
      "report/gradient_flow.html",
      Json::object(
          {{"note", note}, {"findings", findings(flow)}, {"measured", flow.empty() ? Json(false) : tables}}),
      flow.empty() ? Json() : data_of(flow));
}

}  // namespace rondo
