#include <algorithm>
#include <cmath>
#include <cstring>

#include "rondo/base/error.h"
#include "rondo/train/objective.h"
#include "train/rows.h"

namespace rondo {

/// One prediction beside its target, and memory for that.
struct detail::TargetRows {
  bool made = false;
  const void* of = nullptr;  ///< the prediction they were made for
  const Layout* layout = nullptr;

  ConstMatrix prediction, target;
  std::vector<double> weights;   ///< by row; empty: all 1
  std::vector<double> presence;  ///< 0 for rows that have no part; empty: all have
  Tensor storage;                ///< what `target` points into where a copy was needed
  Tensor cast;
  std::vector<std::int64_t> row_of;  ///< by padded place: the target's row there
  Samples shaped;                    ///< the target in the prediction's form, where it came in another
  LayoutPool layouts;
};

namespace {

using Rows = detail::TargetRows;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

[[noreturn]] void refuse(std::string_view output, const std::string& what, const std::string& seen,
                         const std::string& expected) {
  Error error(ErrorKind::usage, what);
  if (!output.empty()) error.where("output '" + std::string(output) + "'");
  throw error.seen(seen).expected(expected);
}

/// Puts the target's rows in the order of the prediction's into out.storage; both are sequences, of different
/// layouts.
void reorder_rows(const Layout& wanted, const Samples& target, std::string_view output, Rows& out) {
  const Layout& given = *target.layout();
  if (given.batch() != wanted.batch()) {
    refuse(output, "there are more or fewer targets than predictions",
           std::to_string(given.batch()) + " targets", std::to_string(wanted.batch()));
  }
  out.row_of.assign(at(given.batch() * given.steps()), -1);
  given.each_row(
      [&](std::int64_t row, std::int64_t b, std::int64_t p) { out.row_of[at(b * given.steps() + p)] = row; });
  const Tensor& values = target.values();
  Shape shape = values.shape();
  shape[0] = wanted.total();
  out.storage.resize(shape, values.dtype());
  const std::size_t bytes = detail::row_bytes(values);
  wanted.each_row([&](std::int64_t row, std::int64_t b, std::int64_t p) {
    const std::int64_t from = p < given.steps() ? out.row_of[at(b * given.steps() + p)] : -1;
    if (from < 0) {
      refuse(output, "a step has a prediction but no target",
             "sequence " + std::to_string(b) + " of the batch, step " + std::to_string(p),
             "a target for every step");
    }
    detail::copy_row(out.storage, row, values, from, bytes);
  });
}

void row_weights(const Value& prediction, const Tensor& weights, std::int64_t groups, std::string_view output,
                 std::vector<double>& out) {
  const std::int64_t batch = prediction.layout ? prediction.layout->batch() : prediction.data.rows;
  const bool by_step = weights.rank() == 2 && prediction.is_sequence();
  const bool fits = weights.rank() >= 1 && weights.dim(0) == batch &&
                    (by_step ? weights.dim(1) >= prediction.layout->steps() : weights.size() == batch);
  if (!fits) {
    refuse(output, "the weights do not fit the predictions", to_string(weights.shape()),
           "[" + std::to_string(batch) + "], or for sequences [" + std::to_string(batch) + ", steps]");
  }
  const auto add = [&](double weight) { out.insert(out.end(), at(groups), weight); };
  out.reserve(at(prediction.data.rows * groups));
  if (!prediction.is_sequence()) {
    for (std::int64_t b = 0; b < batch; ++b) add(weights.at(b));
  } else {
    prediction.layout->each_row([&](std::int64_t, std::int64_t b, std::int64_t p) {
      add(weights.at(by_step ? b * weights.dim(1) + p : b));
    });
  }
}

/// Multiplies the weights by that of each row's class: the class number in the target, or its largest column.
void apply_class_weights(Rows& rows, const std::map<std::int64_t, double>& class_weight) {
  if (class_weight.empty()) return;
  if (rows.weights.empty()) rows.weights.assign(at(rows.prediction.rows), 1.0);
  with_dtype(rows.target.dtype, [&](auto zero) {
    const auto target = rows.target.view<const decltype(zero)>();
    for (std::int64_t r = 0; r < target.rows; ++r) {
      const auto* row = target.row(r);
      const auto class_number = target.cols == 1 ? static_cast<std::int64_t>(std::lround(row[0]))
                                                 : std::max_element(row, row + target.cols) - row;
      const auto found = class_weight.find(class_number);
      if (found != class_weight.end()) rows.weights[at(r)] *= found->second;
    }
  });
}

/// Rows of this class get the weight 0 and no part.
void leave_out_class(Rows& rows, std::int64_t ignored) {
  if (rows.target.cols != 1) return;
  for (std::vector<double>* list : {&rows.weights, &rows.presence}) {
    if (list->empty()) list->assign(at(rows.prediction.rows), 1.0);
  }
  with_dtype(rows.target.dtype, [&](auto zero) {
    const auto target = rows.target.view<const decltype(zero)>();
    for (std::int64_t r = 0; r < target.rows; ++r) {
      if (static_cast<double>(target.row(r)[0]) == static_cast<double>(ignored))
        rows.weights[at(r)] = rows.presence[at(r)] = 0;
    }
  });
}

/// Finds the row of `target` for every row of `prediction`, and the weights ([batch], [batch, time], or
/// null).
void align(const Value& prediction, const Samples& given, const Tensor* weights, std::string_view output,
           Rows& out) {
  const std::int64_t columns = prediction.features.empty() ? 1 : prediction.features.back();
  const std::int64_t groups = columns == 0 ? 1 : prediction.data.cols / columns;
  const std::int64_t rows = prediction.data.rows * groups;
  out.prediction = {prediction.data.data, rows, columns, columns, prediction.data.dtype};
  out.weights.clear();

  const bool fits = given.is_sequence() == prediction.is_sequence();
  if (!fits) detail::shape_target(given, prediction.is_sequence(), output, out.layouts, out.shaped);
  const Samples& target = fits ? given : out.shaped;
  const Tensor* values = &target.values();
  if (prediction.is_sequence() && !prediction.layout->same_as(*target.layout())) {
    reorder_rows(*prediction.layout, target, output, out);
    values = &out.storage;
  }
  if (values->dtype() != prediction.data.dtype) {
    values->cast_into(prediction.data.dtype, out.cast);
    values = &out.cast;
  }
  Shape features = values->shape();
  if (!features.empty()) features = Shape(features.begin() + 1, features.end());
  const std::int64_t numbers = element_count(features);  // a row of the prediction
  if (numbers % groups != 0 || values->size() != prediction.data.rows * numbers) {
    refuse(output, "the target does not fit the prediction",
           "prediction " + to_string(Shape{prediction.data.rows, prediction.data.cols}) + ", target " +
               to_string(values->shape()),
           "as many rows of targets as of predictions");
  }
  out.target = {values->bytes(), rows, numbers / groups, numbers / groups, values->dtype()};
  if (weights != nullptr && !weights->empty()) row_weights(prediction, *weights, groups, output, out.weights);
}

}  // namespace

void detail::shape_target(const Samples& target, bool prediction_is_sequence, std::string_view output,
                          LayoutPool& pool, Samples& out) {
  const Tensor& values = target.values();
  if (prediction_is_sequence) {
    if (values.rank() != 2) {
      refuse(output, "the output is a sequence and the target is not", "target " + to_string(values.shape()),
             "[batch, time] or [batch, time, features]");
    }
    const std::int64_t batch = values.dim(0), steps = values.dim(1);
    Tensor rows = std::move(out.values());  // packed: step after step
    rows.resize({batch * steps, 1}, values.dtype());
    with_any_dtype(values.dtype(), [&]<class T>(T) {
      for (std::int64_t t = 0; t < steps; ++t) {
        for (std::int64_t b = 0; b < batch; ++b)
          rows.data<T>()[at(t * batch + b)] = values.data<T>()[at(b * steps + t)];
      }
    });
    out = Samples::packed(pool.dense(batch, steps), std::move(rows));
    return;
  }
  if (!target.layout()->is_dense()) {
    refuse(output, "the target is a ragged sequence and the output is none", "sequences of different lengths",
           "one target a sample");
  }
  out = Samples(target.to_padded(Samples::Fill::zero).reshaped({target.size(), -1}));
}

Target::Target() : rows_(std::make_shared<detail::TargetRows>()) {}

Target::Target(const Samples& samples, const Tensor* weights) : Target() { assign(samples, weights, {}); }

void Target::assign(const Samples& samples, const Tensor* weights, const Options& options) {
  samples_ = &samples;
  weights_ = weights != nullptr && !weights->empty() ? weights : nullptr;
  options_ = options;
  rows_->made = false;
}

Target Target::unweighted() const {
  Target out = *this;
  out.weighted_ = false;
  return out;
}

double Target::weight(std::int64_t b) const {
  if (weights_ == nullptr) return 1;
  if (weights_->size() != size()) {
    refuse(options_.output, "sequences that are compared as wholes have one weight each",
           to_string(weights_->shape()), to_string(Shape{size()}));
  }
  const double weight = weights_->at(b);
  if (weighted_) return weight;
  return options_.partial && weight == 0 ? 0 : 1;
}

ComparedRows Target::rows(const Value& prediction) const {
  Rows& rows = *rows_;
  if (!rows.made || rows.of != prediction.data.data || rows.layout != prediction.layout.get()) {
    rows.made = false;
    align(prediction, *samples_, weights_, options_.output, rows);
    if (options_.class_weight != nullptr) apply_class_weights(rows, *options_.class_weight);
    rows.presence.clear();
    for (std::size_t r = 0; options_.partial && r < rows.weights.size(); ++r)
      rows.presence.push_back(rows.weights[r] != 0 ? 1 : 0);
    if (options_.ignored_class) leave_out_class(rows, *options_.ignored_class);
    rows.made = true;
    rows.of = prediction.data.data;
    rows.layout = prediction.layout.get();
  }
  return {rows.prediction, rows.target, weighted_ ? rows.weights : rows.presence};
}

}  // namespace rondo
