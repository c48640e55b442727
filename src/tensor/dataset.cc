#include "rondo/dataset.h"

#include <string>
#include <utility>

#include "rondo/error.h"

namespace rondo {

namespace {

void check_size(const char* kind, std::size_t index, std::int64_t seen, std::int64_t expected) {
  if (seen == expected) return;
  throw Error(ErrorKind::usage, "the arrays of a data set differ in their number of samples")
      .where(std::string(kind) + " " + std::to_string(index))
      .seen(std::to_string(seen) + " samples")
      .expected(std::to_string(expected) + ", as in input 0");
}

}  // namespace

ArrayDataset::ArrayDataset(std::vector<Batch> inputs, std::vector<Batch> targets, std::vector<Tensor> weights)
    : all_{std::move(inputs), std::move(targets), std::move(weights)} {
  if (all_.inputs.empty()) throw Error(ErrorKind::usage, "a data set needs at least one input");
  size_ = all_.inputs.front().size();
  for (std::size_t i = 0; i < all_.inputs.size(); ++i) check_size("input", i, all_.inputs[i].size(), size_);
  for (std::size_t i = 0; i < all_.targets.size(); ++i)
    check_size("target", i, all_.targets[i].size(), size_);
  if (!all_.weights.empty() && all_.weights.size() != all_.targets.size()) {
    throw Error(ErrorKind::usage, "there must be one array of weights for each target, or none at all")
        .seen(std::to_string(all_.weights.size()))
        .expected(std::to_string(all_.targets.size()))
        .cure("give an empty tensor for a target without weights");
  }
  for (std::size_t i = 0; i < all_.weights.size(); ++i) {
    const Tensor& weights_of_target = all_.weights[i];
    if (weights_of_target.rank() == 0) continue;
    if (weights_of_target.rank() > 2) {
      throw Error(ErrorKind::usage, "weights have too many axes")
          .where("weights " + std::to_string(i))
          .seen("shape " + to_string(weights_of_target.shape()))
          .expected("[batch] or [batch, time]");
    }
    check_size("weights", i, weights_of_target.dim(0), size_);
  }
}

ArrayDataset::ArrayDataset(Batch input, Batch target)
    : ArrayDataset(std::vector<Batch>{std::move(input)}, std::vector<Batch>{std::move(target)}) {}

Examples ArrayDataset::gather(std::span<const std::int64_t> indices, DType dtype) const {
  for (const std::int64_t index : indices) {
    if (index >= 0 && index < size_) continue;
    throw Error(ErrorKind::usage, "a data set has no such sample")
        .seen("index " + std::to_string(index))
        .expected("0 to " + std::to_string(size_ - 1));
  }
  Examples out;
  for (const Batch& input : all_.inputs) out.inputs.push_back(input.gather(indices).cast(dtype));
  for (const Batch& target : all_.targets) out.targets.push_back(target.gather(indices).cast(dtype));
  for (const Tensor& weights : all_.weights) {
    out.weights.push_back(weights.rank() == 0 ? Tensor() : weights.gather(indices).cast(dtype));
  }
  return out;
}

}  // namespace rondo
