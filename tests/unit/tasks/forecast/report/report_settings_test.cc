// What settings were given, and what was chosen where none was.

#include "rondo/tasks/forecast_report.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tasks/forecast/report/tables.h"
#include "tasks/report/format.h"
#include "unit/tasks/forecast/report/report_samples.h"
#include "unit/tasks/forecast/report/sample_result.h"
#include "unit/tasks/report/page_tools.h"

namespace rondo {
namespace {

TEST(ForecastReport, ShowsWhatAutomaticSettingsBecame) {
  const auto settings = [](const ForecastResult& result) {
    std::map<std::string, PageSetting> out;
    for (const PageSetting& setting : forecasting::settings_of(result)) out[setting.name] = setting;
    return out;
  };
  ForecastOptions options = quick();
  options.units = options.epochs = options.stride = 0;
  options.ensemble = 1;
  auto open = settings(forecast(options));
  for (const char* name : {"units", "max epochs", "batch size", "learning rate", "patience", "window (rows)",
                           "season (rows)", "rows between origins", "model", "transform"}) {
    ASSERT_TRUE(open.contains(name)) << name;
    EXPECT_TRUE(open[name].value.starts_with("auto: ")) << name << " " << open[name].value;
    EXPECT_NE(open[name].value, "auto: 0") << name;
    EXPECT_EQ(open[name].origin, "chosen") << name;
  }
  EXPECT_EQ(open["season (rows)"].value, "auto: 7");
  EXPECT_EQ(open["rows between origins"].value, "auto: 4") << "the horizon";
  for (const auto& [name, setting] : open) EXPECT_NE(setting.value, "0") << name;

  options.units = 8;
  options.epochs = 3;
  options.batch_size = 16;
  options.learning_rate = 0.004;
  options.patience = 2;
  options.window = 14;
  auto given = settings(forecast(options));
  const std::map<std::string, std::string> expected{{"units", "8"},
                                                    {"max epochs", "3"},
                                                    {"batch size", "16"},
                                                    {"learning rate", "0.004"},
                                                    {"patience", "2"}};
  for (const auto& [name, value] : expected) {
    EXPECT_EQ(given[name].value, value) << name;
    EXPECT_EQ(given[name].origin, "given") << name;
  }
  EXPECT_EQ(given["window (rows)"].origin, "given");
}

}  // namespace
}  // namespace rondo
