#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/stream.h"
#include "rondo/tape/layer.h"
#include "rondo/tape/stream.h"
#include "rondo/tensor/tensor.h"

// What the layers' steps share.

namespace rondo {

/// Up to whole vectors.
inline std::int64_t whole_vectors(std::int64_t floats, std::int64_t lanes) {
  return (floats + lanes - 1) / lanes * lanes;
}

/// Weights of a product of single rows, packed, with what their sums start from.
class StreamWeights {
 public:
  /// `dense` [x_count + h_count, whole vectors]; `start` [whole vectors]; empty: what `out` holds.
  StreamWeights(const kernels::StreamKernels& kernels, View<const float> dense, std::int64_t x_count,
                const std::vector<float>& start)
      : weights_({std::max<std::int64_t>(dense.rows, 1) * dense.cols}),
        start_({static_cast<std::int64_t>(start.size())}) {
    product_.vectors = dense.cols / kernels.lanes;
    product_.x_count = x_count;
    product_.h_count = dense.rows - x_count;
    product_.panels = kernels.pack(dense, weights_.data<float>().data());
    product_.weights = weights_.data<float>().data();
    std::ranges::copy(start, start_.data<float>().begin());
    if (!start.empty()) product_.start = start_.data<float>().data();
  }
  /// x·weights + bias for weights [k, n] as they are in a file; bias null: zero.
  StreamWeights(const kernels::StreamKernels& kernels, View<const float> weights, const float* bias)
      : StreamWeights(kernels, padded(weights, kernels.lanes), weights, bias, kernels.lanes) {}

  StreamWeights(StreamWeights&&) noexcept = default;  // the product points into the arrays
  StreamWeights& operator=(StreamWeights&&) noexcept = default;
  StreamWeights(const StreamWeights&) = delete;
  StreamWeights& operator=(const StreamWeights&) = delete;
  ~StreamWeights() = default;

  kernels::StreamProduct& product() { return product_; }
  const kernels::StreamProduct& product() const { return product_; }

 private:
  StreamWeights(const kernels::StreamKernels& kernels, const Tensor& dense, View<const float> weights,
                const float* bias, std::int64_t lanes)
      : StreamWeights(kernels,
                      {dense.data<float>().data(), weights.rows, whole_vectors(weights.cols, lanes),
                       whole_vectors(weights.cols, lanes)},
                      weights.rows, padded(bias, weights.cols, lanes)) {}
  static Tensor padded(View<const float> weights, std::int64_t lanes) {
    const std::int64_t columns = whole_vectors(weights.cols, lanes);
    Tensor dense({weights.rows, columns});
    for (std::int64_t k = 0; k < weights.rows; ++k)
      std::copy_n(weights.row(k), weights.cols, dense.data<float>().data() + k * columns);
    return dense;
  }
  static std::vector<float> padded(const float* bias, std::int64_t count, std::int64_t lanes) {
    std::vector<float> out(static_cast<std::size_t>(whole_vectors(count, lanes)));
    if (bias != nullptr) std::copy_n(bias, count, out.begin());
    return out;
  }

  kernels::StreamProduct product_;
  Tensor weights_, start_;
};

inline std::vector<float> copy_values(const float* from, std::int64_t count) {
  return from == nullptr ? std::vector<float>{} : std::vector<float>(from, from + count);
}

/// A step without state and scratch: row(inputs, y) gets the address of input i's row by inputs(i).
template <class Row>
class RowStep final : public StreamOperation {
 public:
  RowStep(std::span<const StreamValue> inputs, const StreamValue& output, Row row)
      : output_(output.slot), row_(std::move(row)) {
    for (const StreamValue& input : inputs) inputs_.push_back(input.slot);
  }
  void run(const StreamRows& rows) const noexcept override {
    for (std::int64_t r = 0; r < rows.count; ++r) {
      row_([&](std::size_t i) { return rows.read(inputs_[i], r); }, rows.write(output_, r));
    }
  }

 private:
  std::vector<StreamSlot> inputs_;
  StreamSlot output_;
  Row row_;
};

template <class Row>
std::vector<StreamValue> stream_rows(StreamPlan& plan, const Layer& layer,
                                     std::span<const StreamValue> inputs, const StreamValue& output,
                                     Row row) {
  plan.add(layer, inputs, output, std::make_unique<const RowStep<Row>>(inputs, output, std::move(row)));
  return {output};
}
/// A result with these features.
template <class Row>
std::vector<StreamValue> stream_rows(StreamPlan& plan, const Layer& layer,
                                     std::span<const StreamValue> inputs, Shape features, Row row) {
  return stream_rows(plan, layer, inputs, plan.value(features, inputs[0].sequence), std::move(row));
}

}  // namespace rondo
