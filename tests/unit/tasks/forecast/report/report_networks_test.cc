// What the report says of networks: losses of the ensemble's members, and whether gradients reach back.

#include "rondo/tasks/forecast_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "tasks/forecast/report/tables.h"
#include "tasks/report/format.h"
#include "unit/tasks/forecast/report/report_samples.h"
#include "unit/tasks/forecast/report/sample_result.h"
#include "unit/tasks/report/page_tools.h"

namespace rondo {
namespace {

TEST(ForecastReport, LossesOfTheMembersMakeThatOfTheEnsemble) {
  const ForecastResult& fifths = default_result();
  const auto kept = [](const ForecastResult& result) {
    return result.validation_loss[static_cast<std::size_t>(result.best_epoch - 1)];
  };
  ASSERT_EQ(fifths.members.size(), 3u);
  const auto [least, most] =
      std::ranges::minmax_element(fifths.members, {}, &ForecastMember::validation_loss);
  // Each is judged by rows of its own: the whole is a mean of them.
  EXPECT_LT(least->validation_loss, kept(fifths));
  EXPECT_GT(most->validation_loss, kept(fifths));
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(fifths.members[k].fold, static_cast<std::int64_t>(k) + 1);

  ForecastOptions options = quick("gaussian");
  options.split = "train=60%,validation=20%,test=20%";
  const ForecastResult shared = forecast(options);  // all are judged by the same rows: the whole is their sum
  double sum = 0;
  for (const ForecastMember& member : shared.members) {
    sum += member.validation_loss;
    EXPECT_EQ(member.fold, 0);
  }
  EXPECT_NEAR(sum, kept(shared), 1e-9 * std::abs(sum));
  EXPECT_NE(render_page(forecast_page(shared)).find("the validation part"), std::string::npos);

  options.likelihood = "point";
  const ForecastResult few_rows = forecast(options);
  EXPECT_EQ(few_rows.training.network, "residual");
  for (const ForecastMember& member : few_rows.members) EXPECT_EQ(member.fold, 0);
}

TEST(ForecastReport, ShowsWhetherLearningReachesBackWhateverTheModel) {
  for (const char* model : {"auto", "direct", "encoder_decoder", "recursive"}) {
    ForecastOptions options = quick();
    options.model = model;
    options.epochs = 2;
    options.ensemble = 2;
    const ForecastResult result = forecast(options);
    ASSERT_EQ(result.gradient_flow.layers.size(), std::string(model) == "encoder_decoder" ? 4u : 2u) << model;
    EXPECT_EQ(result.gradient_flow_note, "");
    for (const LayerGradientFlow& layer : result.gradient_flow.layers) {
      EXPECT_EQ(layer.cell, "gru");
      EXPECT_EQ(layer.units, 8);
      EXPECT_GT(*std::ranges::max_element(layer.norm), 0) << model << ", " << layer.layer;
      EXPECT_FALSE(layer.spectra.empty());
      EXPECT_FALSE(layer.finding.empty());
    }
    const std::string page = render_page(forecast_page(with_network(result)));
    EXPECT_NE(page.find("<canvas id=\"gradient-chart\""), page.npos) << model;
    EXPECT_EQ(part_data(data_of(page), "gradient_flow").at("layers").size(),
              result.gradient_flow.layers.size())
        << model;
  }
}

TEST(ForecastReport, OfManyNetworksMeasuresTheFirstAndSaysSo) {
  for (const char* model : {"auto", "recursive"}) {
    ForecastOptions options = quick();
    options.model = model;
    options.epochs = 1;
    options.ensemble = 7;
    const ForecastResult result = forecast(options);
    EXPECT_EQ(result.gradient_flow.layers.size(), 5u) << model;
    const std::string page = render_page(forecast_page(with_network(result)));
    EXPECT_NE(page.find("first 5 of 7 networks"), page.npos) << model;
    ASSERT_EQ(result.members.size(), 7u);
    for (std::size_t k = 5; k < 7; ++k) {
      EXPECT_EQ(result.members[k].fold, result.members[k - 5].fold);
      EXPECT_TRUE(std::isfinite(result.members[k].validation_loss));
      EXPECT_NE(result.members[k].validation_loss, result.members[k - 5].validation_loss)
          << "the same rows are judged by another network";
    }
  }
}

}  // namespace
}  // namespace rondo
