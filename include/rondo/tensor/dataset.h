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

/// Arrays in memory, one row (or one sequence) a sample.
class ArrayDataset : public Dataset {
 public:
  /// Every batch must have the same number of samples; weights[k] is [batch] or [batch, time] for targets[k],
  /// or empty. Throws Error(usage) when the numbers disagree.
  ArrayDataset(std::vector<Samples> inputs, std::vector<Samples> targets, std::vector<Tensor> weights = {});
  /// One input, one target.
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
