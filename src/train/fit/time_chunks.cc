#include "train/fit/time_chunks.h"

#include <algorithm>

#include "rondo/base/error.h"
#include "train/rows.h"

namespace rondo::detail {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// The steps at padded positions begin … end − 1 of every sequence; what is no sequence stays as it is.
Samples slice_time(const Samples& batch, std::int64_t begin, std::int64_t end) {
  if (!batch.is_sequence()) return batch;
  const Layout& layout = *batch.layout();
  const std::int64_t steps = std::max<std::int64_t>(0, std::min(end, layout.steps()) - begin);
  const auto inside = [&](std::int64_t p) { return p >= begin && p < begin + steps; };
  std::vector<std::uint8_t> mask(at(layout.batch() * steps), 0);
  layout.each_row([&](std::int64_t, std::int64_t b, std::int64_t p) {
    if (inside(p)) mask[at(b * steps + p - begin)] = 1;
  });
  const auto cut = Layout::from_mask(mask, layout.batch(), steps);
  const Tensor& values = batch.values();
  Shape shape = values.shape();
  shape[0] = cut->total();
  Tensor out(shape, values.dtype());
  const std::size_t bytes = row_bytes(values);
  std::vector<std::int64_t> next(at(layout.batch()),
                                 0);  // packed rows come in order of time for every sequence
  layout.each_row([&](std::int64_t row, std::int64_t b, std::int64_t p) {
    if (inside(p)) copy_row(out, cut->offset(next[at(b)]++) + cut->place()[at(b)], values, row, bytes);
  });
  return Samples::packed(cut, std::move(out));
}

std::vector<std::int64_t> last_positions(const Layout& layout) {
  std::vector<std::int64_t> last(at(layout.batch()), -1);
  layout.each_row([&](std::int64_t, std::int64_t b, std::int64_t p) { last[at(b)] = p; });
  return last;
}

Tensor slice_weights(const Tensor& weights, std::int64_t begin, std::int64_t end) {
  if (weights.rank() != 2) return weights;
  const std::int64_t steps = std::max<std::int64_t>(0, std::min(end, weights.dim(1)) - begin);
  Tensor out({weights.dim(0), steps}, weights.dtype());
  for (std::int64_t b = 0; b < weights.dim(0); ++b) {
    for (std::int64_t t = 0; t < steps; ++t)
      out.set(b * steps + t, weights.at(b * weights.dim(1) + begin + t));
  }
  return out;
}

/// Weights of a target that is no sequence in one chunk: 0 for every sequence that does not end there.
Tensor weights_of_ends(const Tensor* weights, const std::vector<std::int64_t>& last, std::int64_t begin,
                       std::int64_t end) {
  Tensor out({static_cast<std::int64_t>(last.size())}, DType::float64);
  for (std::size_t b = 0; b < last.size(); ++b) {
    const bool ends_here = last[b] >= begin && last[b] < end;
    const auto i = static_cast<std::int64_t>(b);
    out.set(i, !ends_here ? 0 : weights == nullptr || weights->empty() ? 1 : weights->at(i));
  }
  return out;
}

}  // namespace

TimeChunks::TimeChunks(const Batch& batch, const Network& network, const std::vector<ObjectivePlan>& plans,
                       std::int64_t steps)
    : batch_(batch), targets_(plans.size()), size_(steps) {
  LayoutPool layouts;
  for (std::size_t k = 0; k < plans.size(); ++k) {
    if (!plans[k].objective->is_by_row()) {
      throw Error(ErrorKind::usage, "an objective of whole sequences cannot be cut in time")
          .where("objective " + plans[k].objective->name())
          .seen("tbptt " + std::to_string(steps))
          .fix("leave tbptt 0; bptt_memory saves memory too");
    }
    const bool sequence = network.output_spec(plans[k].first).sequence;
    if (batch.targets[k].is_sequence() == sequence)
      targets_[k] = batch.targets[k];
    else
      shape_target(batch.targets[k], sequence, plans[k].name, layouts, targets_[k]);
  }
  for (const Samples& input : batch.inputs) {
    if (!input.is_sequence()) continue;
    if (last_.empty()) last_ = last_positions(*input.layout());
    steps_ = std::max(steps_, input.layout()->steps());
  }
}

bool TimeChunks::next(Batch& chunk) {
  if (begin_ >= steps_) return false;
  const std::int64_t begin = begin_, end = begin_ + size_;
  begin_ = end;
  chunk = {};
  for (const Samples& input : batch_.inputs) chunk.inputs.push_back(slice_time(input, begin, end));
  for (std::size_t k = 0; k < targets_.size(); ++k) {
    chunk.targets.push_back(slice_time(targets_[k], begin, end));
    const Tensor* weights = k < batch_.weights.size() ? &batch_.weights[k] : nullptr;
    if (!targets_[k].is_sequence())
      chunk.weights.push_back(weights_of_ends(weights, last_, begin, end));
    else
      chunk.weights.push_back(weights == nullptr ? Tensor() : slice_weights(*weights, begin, end));
  }
  return true;
}

}  // namespace rondo::detail
