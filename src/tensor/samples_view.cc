#include <algorithm>
#include <utility>

#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/tensor/dataset.h"
#include "tensor/converted.h"

namespace rondo {

SamplesView::SamplesView(const void* values, std::int64_t count, DType dtype, Shape shape,
                         std::span<const std::int64_t> lengths)
    : values_(values), dtype_(dtype), shape_(shape), lengths_(lengths) {
  if (shape.empty()) throw Error(ErrorKind::usage, "a batch needs a first axis of samples");
  if (element_count(shape) != count)
    throw Error(ErrorKind::usage, "an array has another number of elements than its shape says")
        .seen(std::to_string(count))
        .expected(std::to_string(element_count(shape)) + " for " + to_string(shape));
  if (lengths.empty()) return;
  if (shape.size() < 3)
    throw Error(ErrorKind::usage, "an array of sequences has too few axes")
        .seen("shape " + to_string(shape))
        .expected("[batch, time, features...]");
  if (std::ssize(lengths) != shape[0])
    throw Error(ErrorKind::usage, "there must be one length a sequence")
        .seen(std::to_string(lengths.size()) + " lengths")
        .expected(std::to_string(shape[0]));
}

SamplesView::SamplesView(const Tensor& values)
    : SamplesView(values.bytes(), values.size(), values.dtype(), values.shape(), {}) {}
SamplesView::SamplesView(std::span<const float> values, Shape shape, std::span<const std::int64_t> lengths)
    : SamplesView(values.data(), std::ssize(values), DType::float32, shape, lengths) {}
SamplesView::SamplesView(std::span<const double> values, Shape shape, std::span<const std::int64_t> lengths)
    : SamplesView(values.data(), std::ssize(values), DType::float64, shape, lengths) {}
SamplesView::SamplesView(std::span<const std::int32_t> values, Shape shape,
                         std::span<const std::int64_t> lengths)
    : SamplesView(values.data(), std::ssize(values), DType::int32, shape, lengths) {}

std::int64_t SamplesView::size() const { return samples_ != nullptr ? samples_->size() : shape_[0]; }

void SamplesView::gather_into(std::span<const std::int64_t> indices, DType dtype, LayoutPool& pool,
                              Samples& out) const {
  if (samples_ != nullptr) return samples_->gather_into(indices, dtype, pool, out);
  for (const std::int64_t b : indices) detail::check_index(b, shape_[0], "a batch has no such sample");
  if (dtype_ == DType::int32) dtype = DType::int32;
  const bool sequences = shape_.size() >= 3;
  const auto count = std::ssize(indices);
  std::shared_ptr<const Layout> layout;
  if (sequences && lengths_.empty()) layout = pool.dense(count, shape_[1]);
  if (sequences && !lengths_.empty()) {
    std::vector<std::int64_t> lengths;
    for (const std::int64_t b : indices) lengths.push_back(lengths_[static_cast<std::size_t>(b)]);
    layout = pool.from_lengths(lengths, shape_[1]);
  }
  const std::int64_t steps = sequences ? shape_[1] : 1, axes = sequences ? 2 : 1;
  Shape shape = {sequences ? layout->total() : count};
  shape.insert(shape.end(), shape_.begin() + axes, shape_.end());
  const std::int64_t row = element_count(shape_) == 0 ? 0 : element_count(shape_) / shape_[0] / steps;
  Tensor values = std::move(out.values());  // its memory
  values.resize(shape, dtype);
  with_any_dtype(dtype_, [&]<class From>(From) {
    const From* const source = static_cast<const From*>(values_);
    with_any_dtype(dtype, [&]<class To>(To) {
      To* to = values.data<To>().data();
      const auto copy = [&](std::int64_t b, std::int64_t step) {
        const From* from = source + (indices[static_cast<std::size_t>(b)] * steps + step) * row;
        to = std::transform(from, from + row, to, [](From v) { return converted<To>(v); });
      };
      if (layout)
        layout->each_row([&](std::int64_t, std::int64_t b, std::int64_t step) { copy(b, step); });
      else
        for (std::int64_t b = 0; b < count; ++b) copy(b, 0);
    });
  });
  if (layout) {
    out = Samples::packed(std::move(layout), std::move(values));
  } else {
    out = Samples();
    out.values() = std::move(values);
  }
}

ViewDataset::ViewDataset(std::vector<SamplesView> inputs, std::vector<SamplesView> targets,
                         std::vector<Tensor> weights)
    : inputs_(std::move(inputs)), targets_(std::move(targets)), weights_(std::move(weights)) {
  if (inputs_.empty()) throw Error(ErrorKind::usage, "a data set needs at least one input");
  size_ = inputs_.front().size();
  const auto check = [&](const char* what, std::size_t i, std::int64_t size) {
    if (size == size_) return;
    throw Error(ErrorKind::usage, "the arrays of a data set differ in their number of samples")
        .where(std::string(what) + " " + std::to_string(i))
        .seen(std::to_string(size) + " samples")
        .expected(std::to_string(size_) + ", as in input 0");
  };
  for (std::size_t i = 0; i < inputs_.size(); ++i) check("input", i, inputs_[i].size());
  for (std::size_t i = 0; i < targets_.size(); ++i) check("target", i, targets_[i].size());
  if (!weights_.empty() && weights_.size() != targets_.size())
    throw Error(ErrorKind::usage, "there must be one array of weights for each target, or none at all")
        .seen(std::to_string(weights_.size()))
        .expected(std::to_string(targets_.size()));
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    if (weights_[i].rank() != 0) check("weights", i, weights_[i].dim(0));
  }
}

Batch ViewDataset::gather(std::span<const std::int64_t> indices, DType dtype) const {
  LayoutPool pool;
  Batch out;
  gather_into(indices, dtype, pool, out);
  return out;
}

void ViewDataset::gather_into(std::span<const std::int64_t> indices, DType dtype, LayoutPool& pool,
                              Batch& out) const {
  const auto take = [&](const std::vector<SamplesView>& from, std::vector<Samples>& to) {
    to.resize(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) from[i].gather_into(indices, dtype, pool, to[i]);
  };
  take(inputs_, out.inputs);
  take(targets_, out.targets);
  out.weights.resize(weights_.size());
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    if (weights_[i].rank() == 0)
      out.weights[i] = Tensor();
    else
      weights_[i].gather_into(indices, dtype, out.weights[i]);
  }
}

}  // namespace rondo
