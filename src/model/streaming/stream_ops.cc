#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/activations.h"
#include "model/streaming/stream_op.h"

// The layers without state. Each says the same as its layer's forward pass, in the same order of operations.

namespace rondo {
namespace {

std::vector<float> copy(const float* from, std::int64_t n) {
  return from == nullptr ? std::vector<float>{} : std::vector<float>(from, from + n);
}

void activate(kernels::ActivationKind kind, const float* x, float* y, std::int64_t width, std::int64_t last) {
  const std::int64_t rows = last == 0 ? 0 : width / last;
  kernels::activate_rows<float>(kind, {x, rows, last, last}, {y, rows, last, last});
}

class StreamDense final : public StreamOp {
 public:
  StreamDense(StreamPlan& plan, View<const float> kernel, const float* bias, kernels::ActivationKind kind,
              StreamPlace input)
      : kind_(kind), multiply_(plan.kernels().multiply), units_(kernel.cols), input_(input) {
    const std::int64_t columns = plan.whole(units_);
    product_.vectors = columns / plan.kernels().lanes;
    product_.x_count = kernel.rows;
    Tensor dense({kernel.rows, columns});
    for (std::int64_t k = 0; k < kernel.rows; ++k)
      std::copy_n(kernel.row(k), units_, dense.data<float>().data() + k * columns);
    weights_ = Tensor({std::max<std::int64_t>(kernel.rows, 1) * columns});
    product_.panels = plan.kernels().pack({dense.data<float>().data(), kernel.rows, columns, columns},
                                          weights_.data<float>().data());
    bias_ = Tensor({columns});
    if (bias != nullptr) std::copy_n(bias, units_, bias_.data<float>().data());
    product_.weights = weights_.data<float>().data();
    product_.start = bias_.data<float>().data();
    output_ = plan.scratch(columns);
  }
  void run(const StreamRows& rows) const noexcept override {
    const float* x[kStreamRows];
    float* y[kStreamRows];
    for (std::int64_t r = 0; r < rows.count; ++r) {
      x[r] = rows.read(input_, r);
      y[r] = rows.write(output_, r);
    }
    multiply_(product_, rows.count, x, x, y, rows.backwards);
    if (kind_ == kernels::ActivationKind::linear) return;
    for (std::int64_t r = 0; r < rows.count; ++r) activate(kind_, y[r], y[r], units_, units_);
  }
  StreamPlace output() const { return output_; }

 private:
  kernels::ActivationKind kind_;
  decltype(kernels::StreamKernels::multiply) multiply_;
  std::int64_t units_;
  kernels::StreamProduct product_;
  Tensor weights_, bias_;
  StreamPlace input_, output_;
};

/// Operations of one row of `width` numbers, in pieces of its last axis.
class StreamByRow : public StreamOp {
 public:
  StreamByRow(StreamPlan& plan, std::int64_t width, std::int64_t last, StreamPlace input)
      : width_(width), last_(last), input_(input), output_(plan.scratch(width)) {}
  void run(const StreamRows& rows) const noexcept override {
    for (std::int64_t r = 0; r < rows.count; ++r) row(rows.read(input_, r), rows.write(output_, r));
  }
  StreamPlace output() const { return output_; }

 protected:
  std::int64_t width() const { return width_; }
  std::int64_t last() const { return last_; }

 private:
  virtual void row(const float* x, float* y) const noexcept = 0;
  std::int64_t width_, last_;
  StreamPlace input_, output_;
};

class StreamActivation final : public StreamByRow {
 public:
  StreamActivation(StreamPlan& plan, kernels::ActivationKind kind, std::int64_t width, std::int64_t last,
                   StreamPlace input)
      : StreamByRow(plan, width, last, input), kind_(kind) {}

 private:
  void row(const float* x, float* y) const noexcept override { activate(kind_, x, y, width(), last()); }
  kernels::ActivationKind kind_;
};

class StreamNormalization : public StreamByRow {
 public:
  StreamNormalization(StreamPlan& plan, const float* gamma, const float* beta, std::int64_t width,
                      std::int64_t last, StreamPlace input)
      : StreamByRow(plan, width, last, input), gamma_(copy(gamma, last)), beta_(copy(beta, last)) {}

 protected:
  float scaled(float normal, std::int64_t c) const {
    const auto at = static_cast<std::size_t>(c);
    return normal * (gamma_.empty() ? 1.0F : gamma_[at]) + (beta_.empty() ? 0.0F : beta_[at]);
  }

 private:
  std::vector<float> gamma_, beta_;
};

class StreamLayerNorm final : public StreamNormalization {
 public:
  StreamLayerNorm(StreamPlan& plan, const float* gamma, const float* beta, double epsilon, std::int64_t width,
                  std::int64_t last, StreamPlace input)
      : StreamNormalization(plan, gamma, beta, width, last, input), epsilon_(static_cast<float>(epsilon)) {}

 private:
  void row(const float* x, float* y) const noexcept override {
    const auto n = static_cast<float>(last());
    for (std::int64_t piece = 0; piece < width(); piece += last(), x += last(), y += last()) {
      float mean = 0, variance = 0;
      for (std::int64_t c = 0; c < last(); ++c) mean += x[c];
      mean /= n;
      for (std::int64_t c = 0; c < last(); ++c) variance += (x[c] - mean) * (x[c] - mean);
      const float inverse = 1.0F / std::sqrt(variance / n + epsilon_);
      for (std::int64_t c = 0; c < last(); ++c) y[c] = scaled((x[c] - mean) * inverse, c);
    }
  }
  float epsilon_;
};

class StreamBatchNorm final : public StreamNormalization {
 public:
  StreamBatchNorm(StreamPlan& plan, const float* gamma, const float* beta, const float* mean,
                  const float* variance, double epsilon, std::int64_t width, std::int64_t last,
                  StreamPlace input)
      : StreamNormalization(plan, gamma, beta, width, last, input), mean_(copy(mean, last)) {
    for (std::int64_t c = 0; c < last; ++c)
      inverse_.push_back(1.0F / std::sqrt(variance[c] + static_cast<float>(epsilon)));
  }

 private:
  void row(const float* x, float* y) const noexcept override {
    for (std::int64_t piece = 0; piece < width(); piece += last(), x += last(), y += last()) {
      for (std::int64_t c = 0; c < last(); ++c) {
        const auto at = static_cast<std::size_t>(c);
        y[c] = scaled((x[c] - mean_[at]) * inverse_[at], c);
      }
    }
  }
  std::vector<float> mean_, inverse_;
};

class StreamEmbedding final : public StreamOp {
 public:
  StreamEmbedding(StreamPlan& plan, View<const float> table, StreamPlace input)
      : rows_(table.rows), width_(table.cols), input_(input), output_(plan.scratch(table.cols)) {
    for (std::int64_t r = 0; r < table.rows; ++r)
      table_.insert(table_.end(), table.row(r), table.row(r) + table.cols);
  }
  void run(const StreamRows& rows) const noexcept override {
    for (std::int64_t r = 0; r < rows.count; ++r) {
      const float id = rows.read(input_, r)[0];
      float* y = rows.write(output_, r);
      if (id >= 0 && id < static_cast<float>(rows_) && id == std::floor(id)) {
        std::copy_n(table_.data() + static_cast<std::int64_t>(id) * width_, width_, y);
      } else {
        std::fill_n(y, width_, std::numeric_limits<float>::quiet_NaN());
      }
    }
  }
  StreamPlace output() const { return output_; }

 private:
  std::int64_t rows_, width_;
  std::vector<float> table_;
  StreamPlace input_, output_;
};

class StreamMergeOp final : public StreamOp {
 public:
  StreamMergeOp(StreamPlan& plan, StreamMerge kind, std::vector<StreamPart> parts)
      : kind_(kind), parts_(std::move(parts)) {
    std::int64_t width = kind == StreamMerge::concatenate ? 0 : parts_[0].width;
    for (const StreamPart& part : parts_) width += kind == StreamMerge::concatenate ? part.width : 0;
    output_ = plan.scratch(width);
  }
  void run(const StreamRows& rows) const noexcept override {
    for (std::int64_t r = 0; r < rows.count; ++r) {
      float* y = rows.write(output_, r);
      if (kind_ == StreamMerge::concatenate) {
        concatenate(rows, r, y);
        continue;
      }
      std::copy_n(rows.read(parts_[0].place, r), parts_[0].width, y);
      for (std::size_t i = 1; i < parts_.size(); ++i) {
        const float* x = rows.read(parts_[i].place, r);
        for (std::int64_t c = 0; c < parts_[0].width; ++c)
          y[c] = kind_ == StreamMerge::add ? y[c] + x[c] : y[c] * x[c];
      }
    }
  }
  StreamPlace output() const { return output_; }

 private:
  void concatenate(const StreamRows& rows, std::int64_t r, float* y) const noexcept {
    const std::int64_t pieces = parts_[0].last == 0 ? 0 : parts_[0].width / parts_[0].last;
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
      for (const StreamPart& part : parts_) {
        y = std::copy_n(rows.read(part.place, r) + piece * part.last, part.last, y);
      }
    }
  }
  StreamMerge kind_;
  std::vector<StreamPart> parts_;
  StreamPlace output_;
};

template <class Op, class... Arguments>
StreamPlace add(StreamPlan& plan, Arguments&&... arguments) {
  auto op = std::make_unique<Op>(plan, std::forward<Arguments>(arguments)...);
  const StreamPlace output = op->output();
  plan.add(std::move(op));
  return output;
}

}  // namespace

StreamPlace add_stream_dense(StreamPlan& plan, View<const float> kernel, const float* bias,
                             kernels::ActivationKind activation, StreamPlace input) {
  return add<StreamDense>(plan, kernel, bias, activation, input);
}
StreamPlace add_stream_activation(StreamPlan& plan, kernels::ActivationKind activation, std::int64_t width,
                                  std::int64_t last, StreamPlace input) {
  return add<StreamActivation>(plan, activation, width, last, input);
}
StreamPlace add_stream_layer_norm(StreamPlan& plan, const float* gamma, const float* beta, double epsilon,
                                  std::int64_t width, std::int64_t last, StreamPlace input) {
  return add<StreamLayerNorm>(plan, gamma, beta, epsilon, width, last, input);
}
StreamPlace add_stream_batch_norm(StreamPlan& plan, const float* gamma, const float* beta, const float* mean,
                                  const float* variance, double epsilon, std::int64_t width,
                                  std::int64_t last, StreamPlace input) {
  return add<StreamBatchNorm>(plan, gamma, beta, mean, variance, epsilon, width, last, input);
}
StreamPlace add_stream_embedding(StreamPlan& plan, View<const float> table, StreamPlace input) {
  return add<StreamEmbedding>(plan, table, input);
}
StreamPlace add_stream_merge(StreamPlan& plan, StreamMerge kind, std::vector<StreamPart> parts) {
  return add<StreamMergeOp>(plan, kind, std::move(parts));
}

}  // namespace rondo
