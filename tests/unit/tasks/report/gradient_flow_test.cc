#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/tasks/page.h"
#include "unit/tasks/report/page_tools.h"

namespace rondo {
namespace {

LayerGradientFlow layer(const std::string& name, GradientDiagnosis diagnosis, const std::string& finding) {
  LayerGradientFlow layer;
  layer.layer = name;
  layer.cell = "gru";
  layer.units = 64;
  layer.norm = layer.norm_from_end = {1, 0.5, 0.25};
  layer.gates = {{"update", 0.03, 0.31}};
  layer.spectra = {{"candidate", 1.31, 2.77}};
  layer.diagnosis = diagnosis;
  layer.finding = finding;
  return layer;
}

TEST(PageGradientFlow, SaysWhyItWasNotMeasured) {
  const PagePart part = gradient_flow_part({}, "Not measured: no <window>.");
  EXPECT_NE(part.html.find("Not measured: no &lt;window&gt;."), std::string::npos);
  EXPECT_EQ(part.html.find("<canvas"), std::string::npos) << "there is nothing to draw";
  EXPECT_TRUE(part.data.is_null());
}

TEST(PageGradientFlow, ShowsFindingGatesAndWeights) {
  GradientFlow flow;
  flow.layers = {layer("gru", GradientDiagnosis::vanishing, "gradients vanish")};
  flow.layers[0].remedy = "Shorter sequences.";
  const std::string html = gradient_flow_part(flow, "").html;
  EXPECT_NE(html.find("gru (GRU, 64 units)"), html.npos);
  EXPECT_NE(html.find("Gradients vanish."), html.npos);
  EXPECT_NE(html.find("Shorter sequences."), html.npos);
  EXPECT_NE(html.find("<td>1.310</td><td>2.770</td>"), html.npos);
  EXPECT_NE(html.find("<td>3.0 %</td><td>31.0 %</td>"), html.npos);
  flow.layers[0].gates.clear();
  const std::string without = gradient_flow_part(flow, "").html;
  EXPECT_EQ(without.find("gates-title"), html.npos);
  EXPECT_NE(without.find("spectra-title"), html.npos);
}

TEST(PageGradientFlow, SaysOnceWhatHoldsForSeveralLayers) {
  GradientFlow flow;
  flow.layers = {layer("gru", GradientDiagnosis::vanishing, "gradients vanish"),
                 layer("gru_2", GradientDiagnosis::vanishing, "gradients vanish"),
                 layer("gru_3", GradientDiagnosis::healthy, "gradients reach back"),
                 layer("gru_4", GradientDiagnosis::healthy, "gradients reach back")};
  const std::string html = gradient_flow_part(flow, "").html;
  EXPECT_NE(html.find("gru, gru_2 (GRU, 64 units)"), html.npos);
  EXPECT_NE(html.find("2 layers give no cause for concern"), html.npos);
  EXPECT_NE(html.find("gru_3, gru_4 (GRU, 64 units):"), html.npos);
  EXPECT_NE(html.find("gru_2, candidate"), html.npos) << "tables tell the layers apart";
}

TEST(PageGradientFlow, NormsKeepTheirFirstAndLastSteps) {
  for (const std::size_t count : {1U, 2U, 400U, 401U, 5'000U}) {
    GradientFlow flow;
    flow.layers = {layer("gru", GradientDiagnosis::healthy, "")};
    flow.layers[0].norm = flow.layers[0].norm_from_end = std::vector<double>(count, 0.5);
    const PagePart part = gradient_flow_part(flow, "");
    const Json::Array& kept = part.data.at("layers").as_array()[0].at("norm").as_array();
    EXPECT_LE(kept.size(), 400U) << count;
    EXPECT_TRUE(count > 400 || kept.size() == count) << count;
    const auto step = [&](std::size_t i) { return kept[i].as_array()[0].as_integer(); };
    EXPECT_EQ(step(0), 0);
    EXPECT_EQ(step(kept.size() - 1), static_cast<std::int64_t>(count) - 1);
    for (std::size_t i = 0; i + 1 < kept.size(); ++i) EXPECT_LT(step(i), step(i + 1));
  }
}

TEST(PageGradientFlow, RefusesNormsOfTwoLengths) {
  GradientFlow flow;
  flow.layers = {layer("gru", GradientDiagnosis::healthy, "")};
  flow.layers[0].norm_from_end.pop_back();
  EXPECT_THROW((void)gradient_flow_part(flow, ""), Error);
}

}  // namespace
}  // namespace rondo
