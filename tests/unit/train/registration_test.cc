#include <gtest/gtest.h>

#include <cmath>

#include "rondo/layers/layers.h"
#include "rondo/train/model.h"
#include "rondo/train/schedules.h"
#include "support/message_of.h"
#include "support/scratch_folder.h"

// What somebody else registers by name trains, is saved and loaded like what rondo has.

namespace rondo {
namespace {

struct ScaledErrorOptions {
  double factor = 1;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("factor", self.factor, "of the absolute error");
  }
};

/// factor · |prediction − target|, one column.
class ScaledError final : public Loss {
 public:
  explicit ScaledError(const Json& config) { read_options(options_, config, "scaled_error"); }
  std::string name() const override { return "scaled_error"; }
  Json config() const override {
    return Json::object({{"name", "scaled_error"}, {"factor", options_.factor}});
  }
  std::int64_t target_columns(std::int64_t columns) const override { return columns; }
  std::int64_t prediction_columns(std::int64_t columns) const override { return columns; }
  double value_and_gradient(ConstMatrix prediction, ConstMatrix target, std::span<const double>,
                            double divisor, Matrix gradient) const override {
    const auto p = prediction.view<float>(), t = target.view<float>();
    double sum = 0;
    for (std::int64_t r = 0; r < p.rows; ++r) {
      const double error = static_cast<double>(p(r, 0)) - static_cast<double>(t(r, 0));
      sum += options_.factor * std::abs(error);
      if (gradient)
        gradient.view<float>()(r, 0) = static_cast<float>(std::copysign(options_.factor, error) / divisor);
    }
    return sum / divisor;
  }

 private:
  ScaledErrorOptions options_;
};

/// The largest error of all rows.
class WorstError final : public RowMetric {
 public:
  void reset() override { worst_ = 0; }
  void update_rows(ConstMatrix prediction, ConstMatrix target, std::span<const double>) override {
    const auto p = prediction.view<float>(), t = target.view<float>();
    for (std::int64_t r = 0; r < p.rows; ++r)
      worst_ = std::max(worst_, std::abs(static_cast<double>(p(r, 0)) - static_cast<double>(t(r, 0))));
  }
  double result() const override { return worst_; }
  std::vector<double> gathered() const override { return {worst_}; }
  void restore(std::span<const double> gathered) override { worst_ = gathered[0]; }

 private:
  double worst_ = 0;
};

/// 1 / (1 + step).
class Harmonic final : public Schedule {
 public:
  std::string name() const override { return "harmonic"; }
  Json config() const override { return Json::object({{"name", "harmonic"}}); }
  double at(std::int64_t step) const override { return 1 / (1 + static_cast<double>(step)); }
};

/// Another name for an optimiser that exists.
std::unique_ptr<Optimizer> plain_descent(const Json& options) {
  Json config = options;
  config.set("name", "sgd");
  return make_optimizer(config);
}

class Registration : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_loss("scaled_error", [](const Json& options) { return std::make_shared<ScaledError>(options); });
    register_metric("worst_error", [](const Json&) { return std::make_shared<WorstError>(); });
    register_schedule("harmonic", [](const Json&) { return std::make_shared<Harmonic>(); });
    register_optimizer("plain_descent", plain_descent);
    register_initializer("staircase", [](const Shape&, const RandomStream&, std::span<double> weights) {
      for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<double>(i);
    });
  }
};

TEST_F(Registration, TrainsAndIsSavedByName) {
  const Tensor x = Tensor::from({1, 0, 0, 1}, {2, 2}), y = Tensor::from({0, 0}, {2, 1});
  Sequential model({dense({.units = 1, .use_bias = false, .kernel_initializer = "staircase"})});
  model.compile(
      {.optimizer = parse_json(R"({"name": "plain_descent", "learning_rate": {"name": "harmonic"}})"),
       .loss = parse_json(R"({"name": "scaled_error", "factor": 0.5})"),
       .metrics = {"worst_error"}});
  // Kernel [0, 1]: errors 0 and 1.
  EXPECT_EQ(model.evaluate(x, y), (NamedValues{{"loss", 0.25}, {"worst_error", 1.0}}));
  // A step of length 1 along 0.5 · sign(error) / 2 rows.
  model.fit(x, y, {.epochs = 1, .shuffle = false});
  EXPECT_EQ(model.evaluate(x, y)[1].second, 0.75);

  ScratchFolder folder;
  model.save(folder / "model.rondo");
  Model loaded = Model::load(folder / "model.rondo");
  EXPECT_EQ(loaded.evaluate(x, y), model.evaluate(x, y));
  loaded.fit(x, y, {.epochs = 1, .shuffle = false});
  model.fit(x, y, {.epochs = 1, .shuffle = false});
  EXPECT_EQ(loaded.evaluate(x, y), model.evaluate(x, y));
}

TEST_F(Registration, ReachesTheListsOfNamesAndMessages) {
  const auto has = [](const std::vector<std::string>& names, const char* name) {
    return std::ranges::find(names, name) != names.end();
  };
  EXPECT_TRUE(has(loss_names(), "scaled_error"));
  EXPECT_TRUE(has(metric_names(), "worst_error"));
  EXPECT_TRUE(has(metric_names(), "scaled_error"));
  EXPECT_TRUE(has(optimizer_names(), "plain_descent"));
  EXPECT_TRUE(has(schedule_names(), "harmonic"));
  EXPECT_NE(usage_message_of([] { make_loss("scaled_eror"); }).find("'scaled_error'"), std::string::npos);
}

TEST_F(Registration, RefusesNamesThatAreTaken) {
  const auto loss = [](const Json& options) { return std::make_shared<ScaledError>(options); };
  for (const char* name : {"mse", "MeanSquaredError", "scaled_error", ""})
    EXPECT_NE(usage_message_of([&] { register_loss(name, loss); }), "no error") << name;
  EXPECT_NE(usage_message_of([] { register_optimizer("Adam", plain_descent); }).find("'Adam'"),
            std::string::npos);
  EXPECT_NE(usage_message_of([] { register_initializer("zeros", [](auto&&...) {}); }), "no error");
  EXPECT_NE(usage_message_of([] { register_schedule("constant", {}); }), "no error");
}

}  // namespace
}  // namespace rondo
