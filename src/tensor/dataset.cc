#include "rondo/tensor/dataset.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/index_range.h"
#include "rondo/base/error.h"

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

ArrayDataset::ArrayDataset(std::vector<Samples> inputs, std::vector<Samples> targets,
                           std::vector<Tensor> weights)
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
        .fix("give an empty tensor for a target without weights");
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

namespace {

/// No samples at all are what `{}` makes.
std::vector<Samples> one_or_none(Samples samples) {
  std::vector<Samples> out;
  if (samples.values().rank() != 0) out.push_back(std::move(samples));
  return out;
}

}  // namespace

ArrayDataset::ArrayDataset(Samples input, Samples target)
    : ArrayDataset(one_or_none(std::move(input)), one_or_none(std::move(target))) {}

Batch ArrayDataset::gather(std::span<const std::int64_t> indices, DType dtype) const {
  LayoutPool pool;
  Batch out;
  gather_into(indices, dtype, pool, out);
  return out;
}

void ArrayDataset::gather_into(std::span<const std::int64_t> indices, DType dtype, LayoutPool& pool,
                               Batch& out) const {
  for (const std::int64_t index : indices) {
    if (index >= 0 && index < size_) continue;
    throw Error(ErrorKind::usage, "a data set has no such sample")
        .seen("index " + std::to_string(index))
        .expected("0 to " + std::to_string(size_ - 1));
  }
  all_.gather_into(indices, dtype, pool, out);
}

void Batch::gather_into(std::span<const std::int64_t> indices, DType dtype, LayoutPool& pool,
                        Batch& out) const {
  const auto take = [&](const std::vector<Samples>& from, std::vector<Samples>& to) {
    to.resize(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) from[i].gather_into(indices, dtype, pool, to[i]);
  };
  take(inputs, out.inputs);
  take(targets, out.targets);
  out.weights.resize(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i].rank() == 0)
      out.weights[i] = Tensor();
    else
      weights[i].gather_into(indices, dtype, out.weights[i]);
  }
}

void Dataset::gather_into(std::span<const std::int64_t> indices, DType dtype, LayoutPool&, Batch& out) const {
  out = gather(indices, dtype);
}

namespace {

/// Eight bytes at a time, each folded in by a multiplication and a shift that brings high bits down.
class Hash {
 public:
  void add(std::uint64_t word) {
    state_ = (state_ ^ word) * 0x9E3779B97F4A7C15ULL;
    state_ ^= state_ >> 32;
  }
  void add(const Tensor& tensor) {
    for (const std::int64_t size : tensor.shape()) add(static_cast<std::uint64_t>(size));
    const std::size_t bytes = static_cast<std::size_t>(tensor.size()) * dtype_size(tensor.dtype());
    std::uint64_t word = 0;
    std::size_t at = 0;
    for (; at + sizeof word <= bytes; at += sizeof word) {
      std::memcpy(&word, tensor.bytes() + at, sizeof word);
      add(word);
    }
    word = 0;
    if (at < bytes) std::memcpy(&word, tensor.bytes() + at, bytes - at);
    add(word);
  }
  void add(const Samples& batch) {
    if (batch.is_sequence()) {
      batch.layout()->each_row([&](std::int64_t, std::int64_t sequence, std::int64_t position) {
        add(static_cast<std::uint64_t>(sequence));
        add(static_cast<std::uint64_t>(position));
      });
    }
    add(batch.values());
  }
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0x243F6A8885A308D3ULL;
};

}  // namespace

std::uint64_t content_hash(const Dataset& data, std::int64_t begin, std::int64_t end) {
  constexpr std::int64_t kAtOnce = 64;
  LayoutPool pool;
  Batch examples;
  std::vector<std::int64_t> indices;
  Hash hash;
  for (; begin < end; begin += kAtOnce) {
    detail::assign_range(indices, begin, std::min(begin + kAtOnce, end));
    data.gather_into(indices, DType::float64, pool, examples);
    for (const Samples& input : examples.inputs) hash.add(input);
    for (const Samples& target : examples.targets) hash.add(target);
    for (const Tensor& weights : examples.weights) hash.add(weights);
  }
  return hash.value();
}

}  // namespace rondo
