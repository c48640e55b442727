#include "rondo/train/losses.h"

#include "train/losses/row_loss.h"
#include "train/named_config.h"

namespace rondo {
namespace {

using detail::LossEntry;

std::vector<LossEntry> all_losses() {
  std::vector<LossEntry> all = detail::regression_losses();
  for (auto* part : {&detail::classification_losses, &detail::likelihood_losses, &detail::count_losses}) {
    for (LossEntry& entry : part()) all.push_back(std::move(entry));
  }
  return all;
}

LossEntry find_loss(const std::string& name, const std::string& spelled) {
  std::vector<std::string> known;
  for (LossEntry& entry : all_losses()) {
    if (entry.name == name) return std::move(entry);
    known.push_back(entry.name);
    for (const std::string& alias : entry.aliases) {
      if (alias == name) return std::move(entry);
      known.push_back(alias);
    }
  }
  detail::throw_unknown_name("loss", spelled, known);
}

std::string shape_text(std::int64_t rows, std::int64_t cols) { return to_string(Shape{rows, cols}); }

}  // namespace

double Loss::divisor(std::int64_t rows, std::span<const double> weights) const {
  double out = static_cast<double>(rows);
  if (reduction() == Reduction::sum) out = 1;
  if (reduction() == Reduction::mean_with_sample_weight && !weights.empty()) {
    out = 0;
    for (const double weight : weights) out += weight;
  }
  return out == 0 ? 1 : out;
}

std::shared_ptr<const Loss> make_loss(const Json& name_or_config) {
  const detail::NamedConfig named = detail::read_named_config(name_or_config, "loss");
  return find_loss(named.name, named.spelled).make(named.options);
}

std::vector<std::string> loss_names() {
  std::vector<std::string> names;
  for (const LossEntry& entry : all_losses()) names.push_back(entry.name);
  return names;
}

std::vector<OptionInfo> loss_options(const std::string& name) {
  return find_loss(detail::canonical_name(name), name).options;
}

Loss::Reduction detail::parse_reduction(const std::string& name, const std::string& loss) {
  if (name == "sum_over_batch_size" || name == "mean") return Loss::Reduction::sum_over_batch_size;
  if (name == "sum") return Loss::Reduction::sum;
  if (name == "mean_with_sample_weight") return Loss::Reduction::mean_with_sample_weight;
  throw_unknown_name("reduction of loss " + loss, name,
                     {"sum_over_batch_size", "sum", "mean_with_sample_weight"});
}

void detail::check_loss_call(const Loss& loss, ConstMatrix prediction, ConstMatrix target,
                             std::span<const double> weights, double divisor, const Matrix& gradient) {
  const std::int64_t wanted = loss.target_columns(prediction.cols);
  if (target.rows != prediction.rows || target.cols != wanted) {
    throw Error(ErrorKind::usage, "the target does not fit the prediction")
        .where("loss " + loss.name())
        .seen("prediction " + shape_text(prediction.rows, prediction.cols) + ", target " +
              shape_text(target.rows, target.cols))
        .expected("a target " + shape_text(prediction.rows, wanted))
        .fix("check the units of the last layer and the columns of the targets");
  }
  if (target.dtype != prediction.dtype || (gradient && gradient.dtype != prediction.dtype)) {
    throw Error(ErrorKind::usage, "prediction, target and gradient have different number types")
        .where("loss " + loss.name())
        .seen(std::string("prediction ") + dtype_name(prediction.dtype) + ", target " +
              dtype_name(target.dtype))
        .fix("cast the target to the model's dtype");
  }
  if (gradient && (gradient.rows != prediction.rows || gradient.cols != prediction.cols)) {
    throw Error(ErrorKind::usage, "the gradient does not have the prediction's shape")
        .where("loss " + loss.name())
        .seen(shape_text(gradient.rows, gradient.cols))
        .expected(shape_text(prediction.rows, prediction.cols));
  }
  if (!weights.empty() && static_cast<std::int64_t>(weights.size()) != prediction.rows) {
    throw Error(ErrorKind::usage, "there must be one weight a row")
        .where("loss " + loss.name())
        .seen(std::to_string(weights.size()) + " weights")
        .expected(std::to_string(prediction.rows));
  }
  if (!(divisor > 0)) {
    throw Error(ErrorKind::usage, "a loss is divided by a positive number")
        .where("loss " + loss.name())
        .seen(std::to_string(divisor));
  }
}

}  // namespace rondo
