#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rondo/tensor/layout.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// What a model is trained on or evaluated with: some samples, already put together.
struct Batch {
  std::vector<Samples> inputs;   ///< one per input of the model
  std::vector<Samples> targets;  ///< one per output; empty when there is nothing to compare with
  /// Either empty, or one per target: [batch] (per sample) or [batch, time] (per step of the padded array).
  /// An empty tensor in the list means that this target has no weights.
  std::vector<Tensor> weights;

  /// Number of samples.
  std::int64_t size() const { return inputs.empty() ? 0 : inputs.front().size(); }
  /// The samples `indices`, in that order, with values of type `dtype`, into the memory of `out`.
  void gather_into(std::span<const std::int64_t> indices, DType dtype, LayoutPool& pool, Batch& out) const;
};

/// Samples that can be asked for in any order. `gather` is const and may be called from several threads at
/// once.
class Dataset {
 public:
  virtual ~Dataset() = default;
  /// Number of samples.
  virtual std::int64_t size() const = 0;
  /// The samples `indices` (0 … size() - 1, repeats allowed), in that order, with values of type `dtype`.
  virtual Batch gather(std::span<const std::int64_t> indices, DType dtype) const = 0;
  /// The same, into examples whose memory is used again where the data set knows how; `pool` makes their
  /// layouts.
  virtual void gather_into(std::span<const std::int64_t> indices, DType dtype, LayoutPool& pool,
                           Batch& out) const;
};

/// 64 bits that tell data sets apart: a hash of every sample's values, weights and steps. Reads the data
/// once.
std::uint64_t content_hash(const Dataset& data, std::int64_t begin, std::int64_t end);

/// Samples that stand in somebody else's memory, which must outlive the view: nothing is copied but the
/// samples of a batch. Shapes mean what they do for Samples: [batch, features], or [batch, time, features...]
/// for sequences.
class SamplesView {
 public:
  SamplesView(const Samples& samples) : samples_(&samples) {}
  SamplesView(const Tensor& values);
  /// A row-major array; with `lengths` only the first lengths[b] steps of sequence b count.
  SamplesView(std::span<const float> values, Shape shape, std::span<const std::int64_t> lengths = {});
  SamplesView(std::span<const double> values, Shape shape, std::span<const std::int64_t> lengths = {});
  SamplesView(std::span<const std::int32_t> values, Shape shape, std::span<const std::int64_t> lengths = {});

  std::int64_t size() const;
  /// See Samples::gather_into.
  void gather_into(std::span<const std::int64_t> indices, DType dtype, LayoutPool& pool, Samples& out) const;

 private:
  SamplesView(const void* values, std::int64_t count, DType dtype, Shape shape,
              std::span<const std::int64_t> lengths);

  const Samples* samples_ = nullptr;  // or an array:
  const void* values_ = nullptr;
  DType dtype_ = DType::float32;
  Shape shape_;
  std::span<const std::int64_t> lengths_;
};

/// The same as ArrayDataset over views.
class ViewDataset : public Dataset {
 public:
  explicit ViewDataset(std::vector<SamplesView> inputs, std::vector<SamplesView> targets = {},
                       std::vector<Tensor> weights = {});

  std::int64_t size() const override { return size_; }
  Batch gather(std::span<const std::int64_t> indices, DType dtype) const override;
  void gather_into(std::span<const std::int64_t> indices, DType dtype, LayoutPool& pool,
                   Batch& out) const override;

 private:
  std::vector<SamplesView> inputs_, targets_;
  std::vector<Tensor> weights_;
  std::int64_t size_ = 0;
};

/// Arrays in memory, one row (or one sequence) a sample.
class ArrayDataset : public Dataset {
 public:
  /// Every batch must have the same number of samples; weights[k] is [batch] or [batch, time] for targets[k],
  /// or empty. Throws Error(usage) when the numbers disagree.
  ArrayDataset(std::vector<Samples> inputs, std::vector<Samples> targets, std::vector<Tensor> weights = {});
  /// One input, one target; `{}`: none.
  ArrayDataset(Samples input, Samples target);

  std::int64_t size() const override { return size_; }
  Batch gather(std::span<const std::int64_t> indices, DType dtype) const override;
  void gather_into(std::span<const std::int64_t> indices, DType dtype, LayoutPool& pool,
                   Batch& out) const override;
  /// All of it, as it was given.
  const Batch& all() const { return all_; }

 private:
  Batch all_;
  std::int64_t size_ = 0;
};

}  // namespace rondo
