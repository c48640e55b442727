#include <algorithm>
#include <cmath>

#include "train/metrics/row_metric.h"

// Metrics that are a weighted mean over rows.

namespace rondo::detail {
namespace {

using Row = std::span<const double>;

std::size_t argmax(Row values) {
  return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

/// Keras's in_top_k: how many predictions are strictly larger than the true class's. NaN is never right.
double is_in_top_k(Row prediction, double truth, std::int64_t k) {
  if (!(truth >= 0 && truth < static_cast<double>(prediction.size()))) return 0;
  const double own = prediction[static_cast<std::size_t>(truth)];
  if (!std::isfinite(own)) return 0;
  std::int64_t larger = 0;
  for (const double p : prediction) larger += p > own ? 1 : 0;
  return larger < k ? 1 : 0;
}

struct ThresholdOptions {
  double threshold = 0.5;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("threshold", self.threshold, "predictions above it count as 1");
  }
};

struct TopKOptions {
  std::int64_t k = 5;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("k", self.k, "how many of the largest predictions may be the true class");
  }
};

using Traits = MeanMetric::Traits;

/// A metric without options.
MetricEntry plain(std::string name, std::vector<std::string> aliases, double (*value)(Row, Row),
                  Traits traits) {
  return {name, std::move(aliases), [name, value, traits](const Json& config) {
            metric_options<NoOptions>(config, name);
            return std::make_shared<MeanMetric>(value, traits);
          }};
}

double squared_error(Row p, Row t) {
  double sum = 0;
  for (std::size_t c = 0; c < p.size(); ++c) sum += (p[c] - t[c]) * (p[c] - t[c]);
  return sum / static_cast<double>(p.size());
}

double symmetric_percentage_error(Row p, Row t) {
  double sum = 0;
  for (std::size_t c = 0; c < p.size(); ++c) {
    const double size = std::abs(p[c]) + std::abs(t[c]);
    sum += size == 0 ? 0 : 200 * std::abs(p[c] - t[c]) / size;
  }
  return sum / static_cast<double>(p.size());
}

double cosine(Row p, Row t) {
  double dot = 0, pp = 0, tt = 0;
  for (std::size_t c = 0; c < p.size(); ++c) dot += p[c] * t[c], pp += p[c] * p[c], tt += t[c] * t[c];
  constexpr double kSmallest = 1e-12;  // Keras's l2-normalisation
  return dot / std::sqrt(std::max(pp, kSmallest) * std::max(tt, kSmallest));
}

double categorical_hit(Row p, Row t) { return argmax(p) == argmax(t) ? 1 : 0; }
double sparse_hit(Row p, Row t) { return static_cast<double>(argmax(p)) == t[0] ? 1 : 0; }

MetricEntry binary_accuracy() {
  return {"binary_accuracy", {}, [](const Json& config) {
            const double threshold = metric_options<ThresholdOptions>(config, "binary_accuracy").threshold;
            const auto hits = [threshold](Row p, Row t) {
              double right = 0;
              for (std::size_t c = 0; c < p.size(); ++c)
                right += (p[c] > threshold ? 1.0 : 0.0) == t[c] ? 1 : 0;
              return right / static_cast<double>(p.size());
            };
            return std::make_shared<MeanMetric>(hits, Traits{.larger_is_better = true});
          }};
}

MetricEntry top_k(std::string name, bool sparse) {
  return {name, {}, [name, sparse](const Json& config) {
            const std::int64_t k = metric_options<TopKOptions>(config, name).k;
            if (k < 1) throw Error(ErrorKind::usage, name + ".k must be at least 1").seen(std::to_string(k));
            const auto hit = [k, sparse](Row p, Row t) {
              return is_in_top_k(p, sparse ? t[0] : static_cast<double>(argmax(t)), k);
            };
            return std::make_shared<MeanMetric>(
                hit, Traits{.larger_is_better = true, .one_target_column = sparse});
          }};
}

}  // namespace

std::vector<MetricEntry> mean_metrics() {
  return {
      binary_accuracy(),
      plain("categorical_accuracy", {}, categorical_hit, {.larger_is_better = true}),
      plain("sparse_categorical_accuracy", {}, sparse_hit,
            {.larger_is_better = true, .one_target_column = true}),
      top_k("top_k_categorical_accuracy", false),
      top_k("sparse_top_k_categorical_accuracy", true),
      plain("root_mean_squared_error", {"rmse"}, squared_error,
            {.finish = [](double m) { return std::sqrt(m); }}),
      plain("symmetric_mean_absolute_percentage_error", {"smape"}, symmetric_percentage_error, {}),
      plain("cosine_similarity", {"cosine"}, cosine, {.larger_is_better = true}),
  };
}

}  // namespace rondo::detail
