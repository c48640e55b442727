#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rondo/train/losses.h"
#include "train/losses/loss_entry.h"
#include "train/named_config.h"

namespace rondo::detail {

/// Throws Error(usage) unless the shapes and types of a call of Loss::value_and_gradient fit together.
void check_loss_call(const Loss& loss, ConstMatrix prediction, ConstMatrix target,
                     std::span<const double> weights, double divisor, const Matrix& gradient);

Loss::Reduction parse_reduction(const std::string& name, const std::string& loss);

/// Error(usage) that says what `option`, such as "huber.delta", must be.
inline void check_option(bool holds, const std::string& option, const char* rule, double seen) {
  if (!holds) throw Error(ErrorKind::usage, option + " must " + rule).seen(std::to_string(seen));
}

/// Options of a loss and how its rows are summed up.
template <class Options>
struct WithReduction : Options {
  std::string reduction = "sum_over_batch_size";
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    Options::visit(self, option);
    option("reduction", self.reduction, "\"sum_over_batch_size\", \"sum\" or \"mean_with_sample_weight\"");
  }
};

/// A loss from the formula of one row. `Self` has a member `options` (see options.h; their `check(name)`,
/// where there is one, refuses what makes no sense), a constant `kName` and
///
///     template <class T>
///     double row(std::span<const T> prediction, std::span<const T> target, T* gradient) const;
///
/// which returns l_r and, unless `gradient` is null, writes d l_r / d prediction there.
template <class Self, class Options>
class RowLoss : public Loss {
 public:
  explicit RowLoss(const Json& config) {
    read_options(options, config, Self::kName);
    reduction_ = parse_reduction(options.reduction, Self::kName);
    if constexpr (requires { options.check(Self::kName); }) options.check(Self::kName);
  }

  Reduction reduction() const override { return reduction_; }
  std::string name() const override { return Self::kName; }
  Json config() const override { return named_config(Self::kName, options); }
  std::int64_t target_columns(std::int64_t columns) const override { return columns; }
  std::int64_t prediction_columns(std::int64_t columns) const override { return columns; }

  double value_and_gradient(ConstMatrix prediction, ConstMatrix target, std::span<const double> weights,
                            double divisor, Matrix gradient) const override {
    check_loss_call(*this, prediction, target, weights, divisor, gradient);
    return with_dtype(prediction.dtype, [&](auto zero) {
      using T = decltype(zero);
      return sum_rows<T>(prediction.view<const T>(), target.view<const T>(), weights, divisor,
                         gradient.view<T>());
    });
  }

  WithReduction<Options> options;

 private:
  template <class T>
  double sum_rows(View<const T> prediction, View<const T> target, std::span<const double> weights,
                  double divisor, View<T> gradient) const {
    const auto& self = static_cast<const Self&>(*this);
    const auto columns = static_cast<std::size_t>(prediction.cols);
    const auto target_count = static_cast<std::size_t>(target.cols);
    double sum = 0;
    for (std::int64_t r = 0; r < prediction.rows; ++r) {
      const double weight = weights.empty() ? 1.0 : weights[static_cast<std::size_t>(r)];
      T* slope = gradient.data == nullptr ? nullptr : gradient.row(r);
      if (weight == 0) {
        for (std::size_t c = 0; slope != nullptr && c < columns; ++c) slope[c] = 0;
        continue;
      }
      sum +=
          weight * self.template row<T>({prediction.row(r), columns}, {target.row(r), target_count}, slope);
      const T scale = static_cast<T>(weight / divisor);
      for (std::size_t c = 0; slope != nullptr && c < columns; ++c) slope[c] *= scale;
    }
    return sum / divisor;
  }

  Reduction reduction_ = Reduction::sum_over_batch_size;
};

/// A loss that is the mean over the columns of a function of one prediction and one target:
///
///     template <class T> T value(T prediction, T target) const;
///     template <class T> T slope(T prediction, T target) const;  // d value / d prediction
template <class Self, class Options>
class ElementLoss : public RowLoss<Self, Options> {
 public:
  using RowLoss<Self, Options>::RowLoss;

  template <class T>
  double row(std::span<const T> prediction, std::span<const T> target, T* gradient) const {
    const auto& self = static_cast<const Self&>(*this);
    const std::size_t columns = prediction.size();
    double sum = 0;
    for (std::size_t c = 0; c < columns; ++c)
      sum += static_cast<double>(self.value(prediction[c], target[c]));
    if (gradient != nullptr) {
      const T share = T(1) / static_cast<T>(columns);
      for (std::size_t c = 0; c < columns; ++c) gradient[c] = self.slope(prediction[c], target[c]) * share;
    }
    return sum / static_cast<double>(columns);
  }
};

template <class L>
LossEntry loss_entry(std::vector<std::string> aliases) {
  return {.name = L::kName,
          .aliases = std::move(aliases),
          .make = [](const Json& options) { return std::make_shared<const L>(options); },
          .make_objective = {}};
}

}  // namespace rondo::detail
