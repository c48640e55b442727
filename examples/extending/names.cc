// A loss, a metric, a schedule and an initialiser of one's own, by name: configurations and saved models know
// them.
#include <rondo/rondo.h>

#include <cmath>
#include <cstdio>

using namespace rondo;

namespace {

struct AsymmetricOptions {
  double weight = 3;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("weight", self.weight, "of errors of predictions that are too low");
  }
};

/// Squared errors; those of predictions that are too low count `weight` times.
class Asymmetric final : public Loss {
 public:
  explicit Asymmetric(const Json& options) { read_options(options_, options, "asymmetric"); }
  std::string name() const override { return "asymmetric"; }
  Json config() const override {
    Json out = to_config(options_);
    out.set("name", name());
    return out;
  }
  std::int64_t target_columns(std::int64_t columns) const override { return columns; }
  std::int64_t prediction_columns(std::int64_t columns) const override { return columns; }
  double value_and_gradient(ConstMatrix prediction, ConstMatrix target, std::span<const double> weights,
                            double divisor, Matrix gradient) const override {
    double sum = 0;
    with_dtype(prediction.dtype, [&]<class T>(T) {
      const View<const T> p = prediction.view<const T>(), y = target.view<const T>();
      for (std::int64_t r = 0; r < p.rows; ++r) {
        const double row = weights.empty() ? 1 : weights[static_cast<std::size_t>(r)];
        for (std::int64_t c = 0; c < p.cols; ++c) {
          const double error = static_cast<double>(p(r, c)) - static_cast<double>(y(r, c));
          const double w = row * (error < 0 ? options_.weight : 1) / static_cast<double>(p.cols);
          sum += w * error * error;
          if (gradient) gradient.view<T>()(r, c) = static_cast<T>(2 * w * error / divisor);
        }
      }
    });
    return sum / divisor;
  }

 private:
  AsymmetricOptions options_;
};

/// Share of predictions that are too low.
class TooLow final : public RowMetric {
 public:
  void reset() override { low_ = rows_ = 0; }
  void update_rows(ConstMatrix prediction, ConstMatrix target, std::span<const double>) override {
    with_dtype(prediction.dtype, [&]<class T>(T) {
      for (std::int64_t r = 0; r < prediction.rows; ++r)
        low_ += prediction.view<const T>()(r, 0) < target.view<const T>()(r, 0) ? 1 : 0;
    });
    rows_ += static_cast<double>(prediction.rows);
  }
  double result() const override { return low_ / rows_; }
  std::vector<double> gathered() const override { return {low_, rows_}; }
  void restore(std::span<const double> numbers) override { low_ = numbers[0], rows_ = numbers[1]; }

 private:
  double low_ = 0, rows_ = 0;
};

/// Up in a straight line, then down with the inverse square root ("Noam", Vaswani et al. 2017).
class Noam final : public Schedule {
 public:
  std::string name() const override { return "noam"; }
  Json config() const override { return Json::object({{"name", "noam"}}); }
  double at(std::int64_t step) const override {
    const double s = static_cast<double>(step) + 1, warm_up = 40;
    return 0.3 * std::min(1 / std::sqrt(s), s / std::pow(warm_up, 1.5));
  }
};

}  // namespace

int main() try {
  register_loss("asymmetric", [](const Json& options) { return std::make_shared<Asymmetric>(options); });
  register_metric("too_low", [](const Json&) { return std::make_shared<TooLow>(); });
  register_schedule("noam", [](const Json&) { return std::make_shared<Noam>(); });
  register_initializer("alternating", [](const Shape&, const RandomStream&, std::span<double> weights) {
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = i % 2 == 0 ? 0.1 : -0.1;
  });

  Tensor x({400, 2}), y({400, 1});
  const RandomStream random(1);
  for (std::int64_t i = 0; i < 400; ++i) {
    for (std::int64_t k = 2 * i; k < 2 * i + 2; ++k) x.set(k, random.normal(static_cast<std::uint64_t>(k)));
    y.set(i, x.at(2 * i) - x.at(2 * i + 1) + random.normal(static_cast<std::uint64_t>(1000 + i)));
  }
  Sequential model({dense({.units = 1, .kernel_initializer = "alternating"})});
  model.compile({.optimizer = optimizers::adam({.learning_rate = schedules::named("noam")}),
                 .loss = parse_json(R"({"name": "asymmetric", "weight": 9})"),
                 .metrics = {"too_low"}});
  model.fit(x, y, {.epochs = 40, .run = {.verbose = 0}});
  model.save("names.rondo");

  Model loaded = Model::load("names.rondo");
  const NamedValues values = loaded.evaluate(x, y);
  std::printf("loss %.3f, too low %.3f (a symmetric loss: about one half)\n", values[0].second,
              values[1].second);
  return values == model.evaluate(x, y) && values[1].second < 0.3 ? 0 : 1;
} catch (const std::exception& e) {
  return std::fprintf(stderr, "%s\n", e.what()), 1;
}
