#include "rondo/train/losses.h"

#include "rondo/base/error.h"
#include "train/losses/row_loss.h"
#include "train/named_config.h"
#include "train/registered.h"

namespace rondo {
namespace detail {
#define RONDO_LOSSES(family) std::vector<LossEntry> family();
#include "train/loss_list.inc"
#undef RONDO_LOSSES
}  // namespace detail

namespace {

using detail::LossEntry;

std::vector<LossEntry> own_losses() {
  std::vector<LossEntry> all;
#define RONDO_LOSSES(family) \
  for (LossEntry & entry : detail::family()) all.push_back(std::move(entry));
#include "train/loss_list.inc"
#undef RONDO_LOSSES
  return all;
}

std::vector<LossEntry> all_losses() { return detail::registered_entries<LossEntry>().behind(own_losses()); }

bool is_of_rows(const LossEntry& entry) { return entry.make != nullptr; }

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

std::vector<LossEntry> detail::row_losses() {
  std::vector<LossEntry> all = all_losses();
  std::erase_if(all, [](const LossEntry& entry) { return !is_of_rows(entry); });
  return all;
}

std::shared_ptr<const Loss> make_loss(const Json& name_or_config) {
  const detail::NamedConfig named = detail::read_named_config(name_or_config, "loss");
  return find_entry(detail::row_losses(), named).make(named.options);
}

std::shared_ptr<Objective> make_objective(const Json& name_or_config) {
  const detail::NamedConfig named = detail::read_named_config(name_or_config, "loss");
  const LossEntry entry = find_entry(all_losses(), named);
  return is_of_rows(entry) ? row_objective(entry.make(named.options)) : entry.make_objective(named.options);
}

void register_loss(std::string name, std::function<std::shared_ptr<const Loss>(const Json& options)> make) {
  detail::registered_entries<LossEntry>().add(
      {.name = std::move(name), .aliases = {}, .make = std::move(make), .make_objective = {}}, own_losses(),
      "loss");
}

void register_objective(std::string name,
                        std::function<std::shared_ptr<Objective>(const Json& options)> make) {
  detail::registered_entries<LossEntry>().add(
      {.name = std::move(name), .aliases = {}, .make = {}, .make_objective = std::move(make)}, own_losses(),
      "loss");
}

std::vector<std::string> loss_names() { return names_of(detail::row_losses()); }

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
