#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "rondo/base/json.h"
#include "tasks/forecast/likelihood/distribution.h"

namespace rondo::tasks {
class Archive;
}

namespace rondo::forecasting {

/// What a network predicts for every target under --likelihood: one number (point), five quantiles, or the
/// raw parameters of a distribution; and how that is learnt and read.
class LikelihoodHead {
 public:
  LikelihoodHead() = default;  ///< point
  /// "point", "quantile" or a Likelihood's name; Error(usage) otherwise.
  explicit LikelihoodHead(const std::string& name);

  std::string name() const;
  bool is_point() const { return !quantiles_ && !likelihood_; }
  bool is_quantile() const { return quantiles_; }
  /// Learns whole numbers in the series' own units, with the window's size as the exposure of the loss.
  bool is_counts() const { return likelihood_ && is_count_likelihood(*likelihood_); }
  /// Error(usage) for point and quantile, which have none.
  Likelihood likelihood() const;

  std::int64_t parameters() const;  ///< numbers for every target
  /// Place of parameter p of target t among `targets`: as the losses order their columns.
  std::int64_t column(std::int64_t targets, std::int64_t t, std::int64_t p) const {
    return quantiles_ ? t * parameters() + p : p * targets + t;
  }
  /// Of training. `squares`: a point learns squared errors, else absolute ones.
  Json loss(bool squares) const;

  struct Moments {
    double location = 0, spread = 1;
  };
  /// Mean or median, and standard deviation (where that may not exist or is unknown, what a Gaussian with
  /// the same 10 % and 90 % quantiles has), from the parameters of one target. `size` is the exposure of
  /// counts, by which their moments are divided. Spreads are never 0. For a point the spread is 1.
  Moments read(std::span<const double> raw, double size) const;

  /// By its name.
  void archive(tasks::Archive& archive);

 private:
  bool quantiles_ = false;
  std::optional<Likelihood> likelihood_;
};

/// Whether `name` is a likelihood of counts.
bool names_counts(const std::string& name);

}  // namespace rondo::forecasting
