#include "tasks/forecast/likelihood/likelihood_head.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "rondo/base/error.h"
#include "tasks/common/archive.h"

namespace rondo::forecasting {

namespace {

constexpr std::array<double, 5> kLevels{0.025, 0.1, 0.5, 0.9, 0.975};
constexpr double kGaussian80 = 2.5631031310892007;  // 90 % quantile less 10 % quantile
/// Least spread on the window's scale, and of counts in counts: an error over it must stay a number to learn
/// from.
constexpr double kMinSpread = 1e-3, kMinCountSpread = 0.1;

}  // namespace

LikelihoodHead::LikelihoodHead(const std::string& name) : quantiles_(name == "quantile") {
  if (name != "point" && name != "quantile") likelihood_ = parse_likelihood(name);
}

std::string LikelihoodHead::name() const {
  if (likelihood_) return likelihood_name(*likelihood_);
  return quantiles_ ? "quantile" : "point";
}

Likelihood LikelihoodHead::likelihood() const {
  if (likelihood_) return *likelihood_;
  throw Error(ErrorKind::usage, "a " + name() + " forecast has no distribution")
      .fix("choose the likelihood gaussian, student_t, negative_binomial or poisson");
}

std::int64_t LikelihoodHead::parameters() const {
  if (likelihood_) return likelihood_parameters(*likelihood_);
  return quantiles_ ? static_cast<std::int64_t>(kLevels.size()) : 1;
}

Json LikelihoodHead::loss(bool squares) const {
  if (quantiles_) {
    return Json::object(
        {{"name", "quantile"}, {"levels", Json::list(std::vector<double>(kLevels.begin(), kLevels.end()))}});
  }
  if (!likelihood_) return squares ? "mean_squared_error" : "mean_absolute_error";
  Json loss = Json::object({{"name", likelihood_loss(*likelihood_)}});
  if (is_counts()) loss.set("exposure", true);
  return loss;
}

LikelihoodHead::Moments LikelihoodHead::read(std::span<const double> raw, double size) const {
  if (is_point()) return {raw[0], 1};
  if (quantiles_) {
    std::array<double, kLevels.size()> sorted{};
    std::copy(raw.begin(), raw.end(), sorted.begin());
    std::sort(sorted.begin(), sorted.end());  // levels are learnt one by one and may cross
    return {sorted[2], std::max((sorted[3] - sorted[1]) / kGaussian80, kMinSpread)};
  }
  const Distribution distribution = Distribution::from_raw(*likelihood_, raw, size);
  if (is_counts()) {
    return {distribution.location / size,
            std::max(std::sqrt(distribution.variance()), kMinCountSpread) / size};
  }
  const double spread = *likelihood_ == Likelihood::student_t
                            ? (distribution.quantile(0.9) - distribution.quantile(0.1)) / kGaussian80
                            : distribution.scale;
  return {distribution.location, std::max(spread, kMinSpread)};
}

void LikelihoodHead::archive(tasks::Archive& archive) {
  std::string text = name();
  archive.field("likelihood", text);
  if (!archive.reading()) return;
  try {
    *this = LikelihoodHead(text);
  } catch (const Error& error) {
    archive.refuse("likelihood", "cannot be used", error.summary());
  }
}

bool names_counts(const std::string& name) {
  return name == likelihood_name(Likelihood::negative_binomial) ||
         name == likelihood_name(Likelihood::poisson);
}

}  // namespace rondo::forecasting
