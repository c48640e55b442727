#include "rondo/train/typed_options.h"

#include <gtest/gtest.h>

#include <set>

#include "rondo/train/losses.h"
#include "rondo/train/metrics.h"
#include "rondo/train/optimizers.h"
#include "rondo/train/schedules.h"
#include "support/message_of.h"

namespace rondo {
namespace {

template <class Options>
std::set<std::string> fields() {
  std::set<std::string> names;
  for (const OptionInfo& info : list_options<Options>()) names.insert(info.name);
  return names;
}

/// Keys of `config` that are no fields.
std::set<std::string> left_over(const Json& config, std::set<std::string>& unused,
                                const std::set<std::string>& fields) {
  std::set<std::string> missing;
  for (const auto& [key, value] : config.as_object()) {
    if (key == "name") continue;
    if (!fields.contains(key)) missing.insert(key);
    unused.erase(key);
  }
  return missing;
}

TEST(TypedOptions, AreAllThatOptimisersHave) {
  std::set<std::string> unused = fields<OptimizerOptions>();
  for (const std::string& name : optimizer_names()) {
    if (name == "plain_descent") continue;  // registered by another test
    EXPECT_EQ(left_over(make_optimizer(name)->config(), unused, fields<OptimizerOptions>()),
              std::set<std::string>{})
        << name;
    EXPECT_EQ(make_optimizer(optimizers::named(name))->config(), make_optimizer(name)->config());
  }
  EXPECT_EQ(unused, std::set<std::string>{});
}

TEST(TypedOptions, AreAllThatSchedulesHave) {
  std::set<std::string> unused = fields<ScheduleOptions>();
  for (const std::string& name : schedule_names()) {
    if (name == "constant" || name == "harmonic") continue;
    const ScheduleOptions needed = name == "piecewise_constant_decay"
                                       ? ScheduleOptions{.boundaries = {1}, .values = {1, 2}}
                                   : name == "multi_step_decay" ? ScheduleOptions{.milestones = {1}}
                                                                : ScheduleOptions{};
    EXPECT_EQ(
        left_over(make_schedule(schedules::named(name, needed))->config(), unused, fields<ScheduleOptions>()),
        std::set<std::string>{})
        << name;
  }
  EXPECT_EQ(unused, std::set<std::string>{});
}

TEST(TypedOptions, AreAllThatLossesHave) {
  std::set<std::string> unused = fields<LossOptions>();
  for (const std::string& name : loss_names()) {
    if (name == "scaled_error") continue;
    EXPECT_EQ(left_over(make_loss(name)->config(), unused, fields<LossOptions>()), std::set<std::string>{})
        << name;
  }
  EXPECT_EQ(unused, std::set<std::string>{});
}

TEST(TypedOptions, SayWhatIsGivenAndNothingElse) {
  EXPECT_EQ(to_json(optimizers::adam({.learning_rate = 0.01, .beta_1 = 0.8})),
            R"({"name":"adam","learning_rate":0.01,"beta_1":0.8})");
  EXPECT_EQ(to_json(optimizers::sgd({.learning_rate = schedules::cosine_decay({.decay_steps = 50})})),
            R"({"name":"sgd","learning_rate":{"name":"cosine_decay","decay_steps":50.0}})");
  EXPECT_EQ(to_json(losses::huber({.delta = 2})), R"({"name":"huber","delta":2.0})");
  EXPECT_EQ(to_json(metrics::named("precision", {.class_id = 1})), R"({"name":"precision","class_id":1})");
}

TEST(TypedOptions, OfAnotherKindAreRefused) {
  EXPECT_NE(usage_message_of([] { make_optimizer(optimizers::adam({.rho = 0.9})); }).find("'rho'"),
            std::string::npos);
  EXPECT_NE(usage_message_of([] { make_loss(losses::huber({.from_logits = true})); }).find("'from_logits'"),
            std::string::npos);
}

}  // namespace
}  // namespace rondo
