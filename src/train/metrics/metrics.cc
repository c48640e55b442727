#include "rondo/train/metrics.h"

#include "train/losses/loss_entry.h"
#include "train/metrics/row_metric.h"
#include "train/named_config.h"
#include "train/registered.h"

namespace rondo {
namespace detail {
#define RONDO_METRICS(family) std::vector<MetricEntry> family();
#include "train/metric_list.inc"
#undef RONDO_METRICS
}  // namespace detail

namespace {

using detail::MetricEntry;

/// The weighted mean over rows of a loss.
class LossMetric : public detail::WeightedMean {
 public:
  explicit LossMetric(std::shared_ptr<const Loss> loss) : loss_(std::move(loss)) {}
  Direction direction() const override { return Direction::smaller; }
  void update_rows(ConstMatrix prediction, ConstMatrix target, std::span<const double> weights) override {
    sum_ += loss_->value(prediction, target, weights);
    for (const double weight : weights) weight_ += weight;
    if (weights.empty()) weight_ += static_cast<double>(prediction.rows);
    if (loss_->ignored_class()) leave_out(target, weights, static_cast<double>(*loss_->ignored_class()));
  }
  double result() const override { return mean(); }

 private:
  /// Rows of the class that the loss ignores do not count.
  void leave_out(ConstMatrix target, std::span<const double> weights, double ignored) {
    with_dtype(target.dtype, [&](auto zero) {
      const auto classes = target.view<decltype(zero)>();
      for (std::int64_t r = 0; r < classes.rows; ++r) {
        if (static_cast<double>(classes(r, 0)) == ignored)
          weight_ -= weights.empty() ? 1 : weights[static_cast<std::size_t>(r)];
      }
    });
  }

  std::shared_ptr<const Loss> loss_;
};

/// "accuracy" or "crossentropy": which one is meant shows when the first batch comes.
class ResolvedByShape : public RowMetric {
 public:
  ResolvedByShape(std::string family, Json options)
      : family_(std::move(family)), options_(std::move(options)) {}
  Direction direction() const override {
    return family_ == "accuracy" ? Direction::larger : Direction::smaller;
  }
  void reset() override {
    if (meant_) meant_->reset();
  }
  void update_rows(ConstMatrix prediction, ConstMatrix target, std::span<const double> weights) override {
    if (!meant_) choose(prediction.cols == 1 ? 0 : target.cols == 1 ? 1 : 2);
    meant_->update_rows(prediction, target, weights);
  }
  double result() const override {
    return meant_ ? meant_->result() : std::numeric_limits<double>::quiet_NaN();
  }
  std::vector<double> gathered() const override {
    if (!meant_) return {};
    std::vector<double> numbers = meant_->gathered();
    numbers.push_back(kind_);
    return numbers;
  }
  void restore(std::span<const double> numbers) override {
    if (numbers.empty()) return;
    const double kind = numbers.back();
    detail::check_gathered(name(), kind == 0 || kind == 1 || kind == 2);
    choose(static_cast<int>(kind));
    meant_->restore(numbers.first(numbers.size() - 1));
  }

 private:
  void choose(int kind) {
    constexpr const char* kPrefixes[] = {"binary_", "sparse_categorical_", "categorical_"};
    Json config = options_;
    config.set("name", kPrefixes[kind] + family_);
    meant_ = make_row_metric(config);
    kind_ = kind;
  }

  std::string family_;
  Json options_;
  int kind_ = 0;
  std::shared_ptr<RowMetric> meant_;
};

std::vector<MetricEntry> own_metrics() {
  std::vector<MetricEntry> all;
  for (const auto& [family, alias] : {std::pair{"accuracy", "acc"}, std::pair{"crossentropy", "ce"}}) {
    all.push_back({family, {alias}, [family = std::string(family)](const Json& options) {
                     return std::make_shared<ResolvedByShape>(family, options);
                   }});
  }
#define RONDO_METRICS(family) \
  for (MetricEntry & entry : detail::family()) all.push_back(std::move(entry));
#include "train/metric_list.inc"
#undef RONDO_METRICS
  for (detail::LossEntry& loss : detail::row_losses()) {
    all.push_back({loss.name, loss.aliases, [make = std::move(loss.make)](const Json& options) {
                     return std::make_shared<LossMetric>(make(options));
                   }});
  }
  return all;
}

std::vector<MetricEntry> all_metrics() {
  return detail::registered_entries<MetricEntry>().behind(own_metrics());
}

}  // namespace

void register_metric(std::string name, std::function<std::shared_ptr<Metric>(const Json& options)> make) {
  detail::registered_entries<MetricEntry>().add({std::move(name), {}, std::move(make)}, own_metrics(),
                                                "metric");
}

void RowMetric::update(std::span<const Value> predictions, const Target& target) {
  const ComparedRows rows = target.rows(predictions.front());
  update_rows(rows.prediction, rows.target, rows.weights);
}

std::shared_ptr<Metric> make_metric(const Json& name_or_config) {
  const detail::NamedConfig named = detail::read_named_config(name_or_config, "metric");
  std::shared_ptr<Metric> metric = find_entry(all_metrics(), named).make(named.options);
  metric->set_name(named.name);
  return metric;
}

std::shared_ptr<RowMetric> make_row_metric(const Json& name_or_config) {
  if (auto metric = std::dynamic_pointer_cast<RowMetric>(make_metric(name_or_config))) return metric;
  throw Error(ErrorKind::usage, "the metric is not one of rows")
      .seen(to_json(name_or_config))
      .expected("a metric of rows, such as \"accuracy\"");
}

std::vector<std::string> metric_names() { return detail::names_of(all_metrics()); }

void detail::check_gathered(const std::string& name, bool fits) {
  if (fits) return;
  throw Error(ErrorKind::model_file,
              "the numbers gathered by metric '" + name + "' are those of another metric")
      .fix("resume with the metrics of the run that was saved");
}

void detail::check_metric_call(const std::string& name, ConstMatrix prediction, ConstMatrix target,
                               std::int64_t target_columns, std::span<const double> weights) {
  if (target.rows == prediction.rows && target.cols == target_columns &&
      (weights.empty() || static_cast<std::int64_t>(weights.size()) == prediction.rows)) {
    return;
  }
  throw Error(ErrorKind::usage, "the target or the weights do not fit the prediction")
      .where("metric " + name)
      .seen("prediction " + to_string(Shape{prediction.rows, prediction.cols}) + ", target " +
            to_string(Shape{target.rows, target.cols}) + ", " + std::to_string(weights.size()) + " weights")
      .expected("a target " + to_string(Shape{prediction.rows, target_columns}) +
                " and one weight a row or none");
}

}  // namespace rondo
