#include "train/fit/alignment.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "rondo/base/error.h"

namespace rondo::detail {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

[[noreturn]] void refuse(const std::string& output, const std::string& what, const std::string& seen,
                         const std::string& expected) {
  throw Error(ErrorKind::usage, what).where("output '" + output + "'").seen(seen).expected(expected);
}

template <class F>
void each_packed_row(const Layout& layout, F&& f) {  // f(packed row, sequence, padded position)
  for (std::int64_t t = 0; t < layout.longest(); ++t) {
    for (std::int64_t r = 0; r < layout.rows(t); ++r) {
      f(layout.offset(t) + r, layout.order()[at(r)], layout.position(t, r));
    }
  }
}

void copy_row(Tensor& to, std::int64_t to_row, const Tensor& from, std::int64_t from_row, std::size_t bytes) {
  std::memcpy(to.bytes() + at(to_row) * bytes, from.bytes() + at(from_row) * bytes, bytes);
}

/// Puts the target's rows in the order of the prediction's into out.storage; both are sequences, of different
/// layouts.
void reorder_rows(const Layout& wanted, const Samples& target, const std::string& output, AlignedRows& out) {
  const Layout& given = *target.layout();
  if (given.batch() != wanted.batch()) {
    refuse(output, "there are more or fewer targets than predictions",
           std::to_string(given.batch()) + " targets", std::to_string(wanted.batch()));
  }
  out.row_of.assign(at(given.batch() * given.steps()), -1);
  each_packed_row(given, [&](std::int64_t row, std::int64_t b, std::int64_t p) {
    out.row_of[at(b * given.steps() + p)] = row;
  });
  const Tensor& values = target.values();
  Shape shape = values.shape();
  shape[0] = wanted.total();
  out.storage.resize(shape, values.dtype());
  const std::size_t bytes =
      values.dim(0) == 0 ? 0 : at(values.size() / values.dim(0)) * dtype_size(values.dtype());
  each_packed_row(wanted, [&](std::int64_t row, std::int64_t b, std::int64_t p) {
    const std::int64_t from = p < given.steps() ? out.row_of[at(b * given.steps() + p)] : -1;
    if (from < 0) {
      refuse(output, "a step has a prediction but no target",
             "sequence " + std::to_string(b) + " of the batch, step " + std::to_string(p),
             "a target for every step");
    }
    copy_row(out.storage, row, values, from, bytes);
  });
}

void row_weights(const Value& prediction, const Tensor& weights, std::int64_t groups,
                 const std::string& output, std::vector<double>& out) {
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
    each_packed_row(*prediction.layout, [&](std::int64_t, std::int64_t b, std::int64_t p) {
      add(weights.at(by_step ? b * weights.dim(1) + p : b));
    });
  }
}

}  // namespace

void shape_target(const Samples& target, bool output_is_sequence, const std::string& output, LayoutPool& pool,
                  Samples& out) {
  const Tensor& values = target.values();
  if (output_is_sequence) {
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
  out = Samples(target.to_padded().reshaped({target.size(), -1}));
}

void align(const Value& prediction, const Samples& target, const Tensor* weights, const Loss& loss,
           const std::string& output, AlignedRows& out) {
  const std::int64_t columns = prediction.features.empty() ? 1 : prediction.features.back();
  const std::int64_t groups = columns == 0 ? 1 : prediction.data.cols / columns;
  const std::int64_t rows = prediction.data.rows * groups;
  out.prediction = {prediction.data.data, rows, columns, columns, prediction.data.dtype};
  out.weights.clear();

  const Tensor* values = &target.values();
  if (prediction.is_sequence() && !prediction.layout->same_as(*target.layout())) {
    reorder_rows(*prediction.layout, target, output, out);
    values = &out.storage;
  }
  if (values->dtype() != prediction.data.dtype) {
    values->cast_into(prediction.data.dtype, out.cast);
    values = &out.cast;
  }
  const std::int64_t wanted = loss.target_columns(columns);
  if (values->size() != rows * wanted || (values->rank() > 0 && values->dim(0) != prediction.data.rows)) {
    refuse(output, "the target does not fit the prediction",
           "prediction " + to_string(Shape{prediction.data.rows, prediction.data.cols}) + ", target " +
               to_string(values->shape()) + " for loss " + loss.name(),
           "a target of " + std::to_string(groups * wanted) + " numbers a row");
  }
  out.target = {values->bytes(), rows, wanted, wanted, values->dtype()};
  if (weights != nullptr && !weights->empty()) row_weights(prediction, *weights, groups, output, out.weights);
}

void apply_class_weights(AlignedRows& rows, const std::map<std::int64_t, double>& class_weight) {
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

Samples slice_time(const Samples& batch, std::int64_t begin, std::int64_t end) {
  if (!batch.is_sequence()) return batch;
  const Layout& layout = *batch.layout();
  const std::int64_t steps = std::max<std::int64_t>(0, std::min(end, layout.steps()) - begin);
  const auto inside = [&](std::int64_t p) { return p >= begin && p < begin + steps; };
  std::vector<std::uint8_t> mask(at(layout.batch() * steps), 0);
  each_packed_row(layout, [&](std::int64_t, std::int64_t b, std::int64_t p) {
    if (inside(p)) mask[at(b * steps + p - begin)] = 1;
  });
  const auto cut = Layout::from_mask(mask, layout.batch(), steps);
  const Tensor& values = batch.values();
  Shape shape = values.shape();
  shape[0] = cut->total();
  Tensor out(shape, values.dtype());
  const std::size_t bytes =
      values.dim(0) == 0 ? 0 : at(values.size() / values.dim(0)) * dtype_size(values.dtype());
  std::vector<std::int64_t> next(at(layout.batch()),
                                 0);  // packed rows come in order of time for every sequence
  each_packed_row(layout, [&](std::int64_t row, std::int64_t b, std::int64_t p) {
    if (inside(p)) copy_row(out, cut->offset(next[at(b)]++) + cut->place()[at(b)], values, row, bytes);
  });
  return Samples::packed(cut, std::move(out));
}

std::vector<std::int64_t> last_positions(const Layout& layout) {
  std::vector<std::int64_t> last(at(layout.batch()), -1);
  each_packed_row(layout, [&](std::int64_t, std::int64_t b, std::int64_t p) { last[at(b)] = p; });
  return last;
}

}  // namespace rondo::detail
