#include <algorithm>

#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/data/windows.h"

namespace rondo {

namespace {

/// Windows over an array, as Keras's timeseries_dataset_from_array cuts them.
class ArrayWindows : public Dataset {
 public:
  ArrayWindows(Tensor data, std::optional<Tensor> targets, const TimeseriesOptions& options)
      : data_(std::move(data)), targets_(std::move(targets)), options_(options) {
    check();
    const std::int64_t end = options.end_index.value_or(data_.dim(0));
    std::int64_t starts = end - start_ - (options.sequence_length - 1) * options.sampling_rate;
    if (targets_) starts = std::min(starts, targets_->dim(0) - start_);
    count_ = starts <= 0 ? 0 : (starts + options.sequence_stride - 1) / options.sequence_stride;
    if (count_ > 0) return;
    throw Error(ErrorKind::data, "not one window fits into the data")
        .seen(std::to_string(end - start_) + " rows")
        .expected("at least " + std::to_string((options.sequence_length - 1) * options.sampling_rate + 1));
  }

  std::int64_t size() const override { return count_; }

  Batch gather(std::span<const std::int64_t> indices, DType dtype) const override {
    std::vector<std::int64_t> rows, starts;
    for (const std::int64_t index : indices) {
      detail::check_index(index, count_, "there is no such window");
      starts.push_back(start_ + index * options_.sequence_stride);
      for (std::int64_t t = 0; t < options_.sequence_length; ++t) {
        rows.push_back(starts.back() + t * options_.sampling_rate);
      }
    }
    Shape shape = {static_cast<std::int64_t>(indices.size()), options_.sequence_length};
    shape.insert(shape.end(), data_.shape().begin() + 1, data_.shape().end());
    if (shape.size() == 2) shape.push_back(1);  // a plain series has one feature
    Batch out;
    out.inputs.emplace_back(data_.gather(rows).cast(dtype).reshaped(shape));
    if (!targets_) return out;
    Tensor targets = targets_->gather(starts).cast(dtype);
    if (targets.rank() == 1) targets = std::move(targets).reshaped({-1, 1});
    out.targets.emplace_back(std::move(targets));
    return out;
  }

 private:
  void check() {
    detail::check_at_least("sequence_length", options_.sequence_length, 1);
    detail::check_at_least("sequence_stride", options_.sequence_stride, 1);
    detail::check_at_least("sampling_rate", options_.sampling_rate, 1);
    if (data_.rank() < 1) throw Error(ErrorKind::usage, "data must be [time, features...]");
    if (targets_ && targets_->rank() < 1) throw Error(ErrorKind::usage, "targets must be [time, ...]");
    start_ = options_.start_index.value_or(0);
    const std::int64_t end = options_.end_index.value_or(data_.dim(0));
    if (start_ >= 0 && start_ < end && end <= data_.dim(0)) return;
    throw Error(ErrorKind::usage, "start_index and end_index do not lie within the data")
        .seen(std::to_string(start_) + " to " + std::to_string(end))
        .expected("0 to " + std::to_string(data_.dim(0)));
  }

  Tensor data_;
  std::optional<Tensor> targets_;
  TimeseriesOptions options_;
  std::int64_t start_ = 0, count_ = 0;
};

}  // namespace

std::unique_ptr<Dataset> timeseries_dataset_from_array(Tensor data, std::optional<Tensor> targets,
                                                       const TimeseriesOptions& options) {
  return std::make_unique<ArrayWindows>(std::move(data), std::move(targets), options);
}

}  // namespace rondo
