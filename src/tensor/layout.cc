#include "rondo/tensor/layout.h"

#include <algorithm>
#include <cstring>

#include "base/index_range.h"
#include "base/text.h"
#include "rondo/base/error.h"
#include "tensor/converted.h"

namespace rondo {

void Layout::arrange() {
  const std::size_t batch = lengths_.size();
  batch_ = static_cast<std::int64_t>(batch);
  total_ = 0;
  positions_.clear();
  const auto length = [&](std::int64_t b) { return lengths_[static_cast<std::size_t>(b)]; };
  detail::assign_range(order_, 0, batch_);
  if (!std::ranges::is_sorted(lengths_, std::ranges::greater())) {  // std::stable_sort would take memory
    std::ranges::sort(order_, [&](std::int64_t a, std::int64_t b) {
      return length(a) != length(b) ? length(a) > length(b) : a < b;
    });
  }
  place_.resize(batch);
  for (std::size_t r = 0; r < batch; ++r) {
    place_[static_cast<std::size_t>(order_[r])] = static_cast<std::int64_t>(r);
  }
  const std::int64_t longest = batch == 0 ? 0 : length(order_[0]);
  offsets_.clear();
  rows_.clear();
  std::size_t live = batch;
  for (std::int64_t t = 0; t < longest; ++t) {
    while (live > 0 && length(order_[live - 1]) <= t) --live;
    offsets_.push_back(total_);
    rows_.push_back(static_cast<std::int64_t>(live));
    total_ += static_cast<std::int64_t>(live);
  }
}

void Layout::assign_dense(std::int64_t batch, std::int64_t steps) {
  if (batch < 0 || steps < 0) throw Error(ErrorKind::usage, "a batch or its number of steps is negative");
  lengths_.assign(static_cast<std::size_t>(batch), steps);
  steps_ = steps;
  arrange();
}

void Layout::assign_lengths(std::span<const std::int64_t> lengths, std::int64_t steps) {
  const std::int64_t longest = lengths.empty() ? 0 : *std::ranges::max_element(lengths);
  if (steps < 0) steps = std::max<std::int64_t>(longest, 0);
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    if (lengths[b] < 0 || lengths[b] > steps) {
      throw Error(ErrorKind::usage, "a sequence's length is out of range")
          .where("sequence " + std::to_string(b))
          .seen(std::to_string(lengths[b]))
          .expected("0 to " + std::to_string(steps) + " steps");
    }
  }
  lengths_.assign(lengths.begin(), lengths.end());
  steps_ = steps;
  arrange();
}

void Layout::assign_mask(std::span<const std::uint8_t> mask, std::int64_t batch, std::int64_t steps) {
  if (batch < 0 || steps < 0 || static_cast<std::int64_t>(mask.size()) != batch * steps) {
    throw Error(ErrorKind::usage, "a mask does not fit its batch")
        .seen(std::to_string(mask.size()) + " flags")
        .expected(std::to_string(batch) + " sequences x " + std::to_string(steps) + " steps");
  }
  lengths_.assign(static_cast<std::size_t>(batch), 0);
  steps_ = steps;
  bool right_padded = true;
  for (std::int64_t b = 0; b < batch; ++b) {
    const auto row = mask.subspan(static_cast<std::size_t>(b * steps), static_cast<std::size_t>(steps));
    for (std::int64_t t = 0; t < steps; ++t) {
      if (row[static_cast<std::size_t>(t)] == 0) continue;
      right_padded = right_padded && lengths_[static_cast<std::size_t>(b)] == t;
      ++lengths_[static_cast<std::size_t>(b)];
    }
  }
  arrange();
  if (right_padded) return;
  positions_.resize(static_cast<std::size_t>(total_));
  for (std::int64_t r = 0; r < batch; ++r) {
    const std::int64_t b = sequence_at(r);
    std::int64_t step = 0;
    for (std::int64_t t = 0; t < steps; ++t) {
      if (mask[static_cast<std::size_t>(b * steps + t)] == 0) continue;
      positions_[static_cast<std::size_t>(offset(step++) + r)] = t;
    }
  }
}

void Layout::assign_reversed(const Layout& of) {
  *this = of;
  if (of.is_dense()) return;
  bool moved = false;
  positions_.resize(static_cast<std::size_t>(total_));
  for (std::int64_t t = 0; t < longest(); ++t) {
    for (std::int64_t r = 0; r < rows(t); ++r) {
      const std::int64_t at = steps_ - 1 - of.position(length_at(r) - 1 - t, r);
      positions_[static_cast<std::size_t>(offset(t) + r)] = at;
      moved = moved || at != t;
    }
  }
  if (!moved) positions_.clear();
}

void Layout::assign_gathered(const Layout& from, std::span<const std::int64_t> indices) {
  lengths_.clear();
  for (const std::int64_t b : indices) lengths_.push_back(from.lengths_[static_cast<std::size_t>(b)]);
  steps_ = from.steps_;
  arrange();
  if (from.is_right_padded()) return;
  bool moved = false;
  for (std::int64_t t = 0; t < longest(); ++t) {
    for (std::int64_t r = 0; r < rows(t); ++r) {
      const std::int64_t b = indices[static_cast<std::size_t>(sequence_at(r))];
      positions_.push_back(from.position(t, from.place_[static_cast<std::size_t>(b)]));
      moved = moved || positions_.back() != t;
    }
  }
  if (!moved) positions_.clear();
}

std::shared_ptr<const Layout> Layout::dense(std::int64_t batch, std::int64_t steps) {
  return LayoutPool().dense(batch, steps);
}
std::shared_ptr<const Layout> Layout::from_lengths(std::span<const std::int64_t> lengths,
                                                   std::int64_t steps) {
  return LayoutPool().from_lengths(lengths, steps);
}
std::shared_ptr<const Layout> Layout::from_mask(std::span<const std::uint8_t> mask, std::int64_t batch,
                                                std::int64_t steps) {
  return LayoutPool().from_mask(mask, batch, steps);
}
std::shared_ptr<const Layout> Layout::reversed() const {
  auto out = std::make_shared<Layout>();
  out->assign_reversed(*this);
  return out;
}

std::shared_ptr<Layout> LayoutPool::vacant() {
  for (const auto& layout : layouts_) {
    if (layout.use_count() == 1) return layout;
  }
  return layouts_.emplace_back(std::make_shared<Layout>());
}

std::shared_ptr<const Layout> LayoutPool::dense(std::int64_t batch, std::int64_t steps) {
  for (const auto& layout : layouts_) {
    if (layout->batch() == batch && layout->steps() == steps && layout->is_dense()) return layout;
  }
  auto layout = vacant();
  layout->assign_dense(batch, steps);
  return layout;
}

std::shared_ptr<const Layout> LayoutPool::from_lengths(std::span<const std::int64_t> lengths,
                                                       std::int64_t steps) {
  auto layout = vacant();
  layout->assign_lengths(lengths, steps);
  return layout;
}

std::shared_ptr<const Layout> LayoutPool::from_mask(std::span<const std::uint8_t> mask, std::int64_t batch,
                                                    std::int64_t steps) {
  auto layout = vacant();
  layout->assign_mask(mask, batch, steps);
  return layout;
}

std::shared_ptr<const Layout> LayoutPool::gathered(const Layout& from,
                                                   std::span<const std::int64_t> indices) {
  if (from.is_dense()) return dense(static_cast<std::int64_t>(indices.size()), from.steps());
  auto layout = vacant();
  layout->assign_gathered(from, indices);
  return layout;
}

std::shared_ptr<const Layout> LayoutPool::reversed(const std::shared_ptr<const Layout>& layout) {
  if (layout->is_dense()) return layout;  // every step has its mirror
  auto out = vacant();
  out->assign_reversed(*layout);
  return out;
}

std::int64_t Layout::position(std::int64_t t, std::int64_t r) const {
  return positions_.empty() ? t : positions_[static_cast<std::size_t>(offset(t) + r)];
}

bool Layout::same_as(const Layout& other) const {
  return this == &other ||
         (steps_ == other.steps_ && lengths_ == other.lengths_ && positions_ == other.positions_);
}

namespace {

std::size_t row_bytes(const Tensor& values, std::int64_t rows) {
  return rows == 0 ? 0 : static_cast<std::size_t>(values.size() / rows) * dtype_size(values.dtype());
}

Shape tail(const Shape& shape, std::size_t from) {
  return {shape.begin() + static_cast<std::ptrdiff_t>(std::min(from, shape.size())), shape.end()};
}

Shape with_rows(std::int64_t rows, const Shape& features) {
  Shape shape = {rows};
  shape.insert(shape.end(), features.begin(), features.end());
  return shape;
}

/// Copies the used steps of padded [batch, time, ...] into the packed order of `layout`.
Tensor pack(const Tensor& padded, const Layout& layout) {
  Tensor out(with_rows(layout.total(), tail(padded.shape(), 2)), padded.dtype());
  const std::size_t row = row_bytes(padded, padded.dim(0) * padded.dim(1));
  if (row == 0) return out;
  std::byte* to = out.bytes();
  layout.each_row([&](std::int64_t, std::int64_t b, std::int64_t position) {
    std::memcpy(to, padded.bytes() + static_cast<std::size_t>(b * layout.steps() + position) * row, row);
    to += row;
  });
  return out;
}

void require_padded(const Tensor& values, int rank) {
  if (values.rank() < rank) {
    throw Error(ErrorKind::usage, "an array of sequences has too few axes")
        .seen("shape " + to_string(values.shape()))
        .expected(rank == 3 ? "[batch, time, features...]" : "[batch, time]")
        .fix("add an axis with reshaped(), for example [batch, time, 1] for a single series");
  }
}

}  // namespace

Samples::Samples(Tensor values) {
  if (values.rank() < 1) throw Error(ErrorKind::usage, "a batch needs a first axis of samples");
  if (values.rank() >= 3) {
    layout_ = Layout::dense(values.dim(0), values.dim(1));
    values_ = pack(values, *layout_);
  } else {
    values_ = std::move(values);
  }
}

Samples Samples::packed(std::shared_ptr<const Layout> layout, Tensor values) {
  if (layout == nullptr || values.rank() < 1 || values.dim(0) != layout->total()) {
    throw Error(ErrorKind::usage, "packed values do not fit their layout")
        .seen("shape " + to_string(values.shape()));
  }
  Samples out;
  out.layout_ = std::move(layout);
  out.values_ = std::move(values);
  return out;
}

Samples Samples::padded(const Tensor& values, std::span<const std::int64_t> lengths) {
  require_padded(values, 3);
  if (static_cast<std::int64_t>(lengths.size()) != values.dim(0)) {
    throw Error(ErrorKind::usage, "there must be one length a sequence")
        .seen(std::to_string(lengths.size()) + " lengths")
        .expected(std::to_string(values.dim(0)));
  }
  const auto layout = Layout::from_lengths(lengths, values.dim(1));
  return packed(layout, pack(values, *layout));
}

Samples Samples::masked(const Tensor& values, std::span<const std::uint8_t> mask) {
  require_padded(values, 3);
  const auto layout = Layout::from_mask(mask, values.dim(0), values.dim(1));
  return packed(layout, pack(values, *layout));
}

Samples Samples::ragged(std::span<const Tensor> sequences) {
  if (sequences.empty()) throw Error(ErrorKind::usage, "a ragged batch needs at least one sequence");
  const Shape features = tail(sequences[0].shape(), 1);
  const DType dtype = sequences[0].dtype();
  std::vector<std::int64_t> lengths;
  for (std::size_t b = 0; b < sequences.size(); ++b) {
    const Tensor& s = sequences[b];
    if (s.rank() < 1 || tail(s.shape(), 1) != features || s.dtype() != dtype) {
      throw Error(ErrorKind::usage, "the sequences of a batch differ in their features")
          .where("sequence " + std::to_string(b))
          .seen("shape " + to_string(s.shape()) + " of " + dtype_name(s.dtype()))
          .expected("[time, features...] as the first one: " + to_string(sequences[0].shape()));
    }
    lengths.push_back(s.dim(0));
  }
  auto layout = Layout::from_lengths(lengths);
  Tensor values(with_rows(layout->total(), features), dtype);
  const std::size_t row = static_cast<std::size_t>(element_count(features)) * dtype_size(dtype);
  std::byte* to = values.bytes();
  layout->each_row([&](std::int64_t, std::int64_t b, std::int64_t t) {
    if (row == 0) return;
    std::memcpy(to, sequences[static_cast<std::size_t>(b)].bytes() + static_cast<std::size_t>(t) * row, row);
    to += row;
  });
  return packed(std::move(layout), std::move(values));
}

Samples Samples::tokens(const Tensor& ids) {
  require_padded(ids, 2);
  const auto layout = Layout::dense(ids.dim(0), ids.dim(1));
  return packed(layout, pack(ids, *layout).cast(DType::int32));
}

Samples Samples::tokens(const Tensor& ids, std::span<const std::uint8_t> mask) {
  require_padded(ids, 2);
  const auto layout = Layout::from_mask(mask, ids.dim(0), ids.dim(1));
  return packed(layout, pack(ids, *layout).cast(DType::int32));
}

std::int64_t Samples::size() const {
  if (layout_ != nullptr) return layout_->batch();
  return values_.rank() == 0 ? 0 : values_.dim(0);
}

Shape Samples::features() const { return tail(values_.shape(), 1); }

Tensor Samples::to_padded(Fill fill) const {
  if (layout_ == nullptr) return values_;
  const Layout& layout = *layout_;
  Shape shape = {layout.batch(), layout.steps()};
  const Shape inner = features();
  shape.insert(shape.end(), inner.begin(), inner.end());
  Tensor out(shape, values_.dtype());
  const std::size_t row = static_cast<std::size_t>(element_count(inner)) * dtype_size(values_.dtype());
  if (row == 0) return out;
  std::vector<bool> used(static_cast<std::size_t>(layout.batch() * layout.steps()), false);
  const std::byte* from = values_.bytes();
  layout.each_row([&](std::int64_t, std::int64_t b, std::int64_t position) {
    const auto at = static_cast<std::size_t>(b * layout.steps() + position);
    std::memcpy(out.bytes() + at * row, from, row);
    used[at] = true;
    from += row;
  });
  if (fill == Fill::repeat) {
    for (std::size_t at = 1; at < used.size(); ++at) {
      if (used[at] || at % static_cast<std::size_t>(layout.steps()) == 0) continue;
      std::memcpy(out.bytes() + at * row, out.bytes() + (at - 1) * row, row);
    }
  }
  return out;
}

Tensor Samples::sample(std::int64_t b) const {
  const std::int64_t index[] = {b};
  if (layout_ == nullptr) return values_.gather(index).reshaped(features());
  detail::check_index(b, layout_->batch(), "a batch has no such sequence");
  const std::int64_t r = layout_->place()[static_cast<std::size_t>(b)];
  std::vector<std::int64_t> rows;
  for (std::int64_t t = 0; t < layout_->lengths()[static_cast<std::size_t>(b)]; ++t) {
    rows.push_back(layout_->offset(t) + r);
  }
  return values_.gather(rows);
}

Samples Samples::gather(std::span<const std::int64_t> indices) const {
  LayoutPool pool;
  Samples out;
  gather_into(indices, values_.dtype(), pool, out);
  return out;
}

void Samples::gather_into(std::span<const std::int64_t> indices, DType dtype, LayoutPool& pool,
                          Samples& out) const {
  out.layout_.reset();
  out.fill_ = fill_;
  if (layout_ == nullptr) return values_.gather_into(indices, dtype, out.values_);
  const Layout& from = *layout_;
  const auto count = static_cast<std::int64_t>(indices.size());
  for (const std::int64_t b : indices) detail::check_index(b, from.batch(), "a batch has no such sequence");
  out.layout_ = pool.gathered(from, indices);
  const Layout& to = *out.layout_;
  Shape shape = values_.shape();
  shape[0] = to.total();
  if (values_.dtype() == DType::int32) dtype = DType::int32;
  out.values_.resize(shape, dtype);
  const std::int64_t row = from.total() == 0 ? 0 : values_.size() / from.total();
  if (row == 0 || count == 0) return;
  with_any_dtype(values_.dtype(), [&]<class From>(From) {
    const From* source = values_.data<From>().data();
    with_any_dtype(dtype, [&]<class To>(To) {
      To* target = out.values_.data<To>().data();
      for (std::int64_t t = 0; t < to.longest(); ++t) {
        for (std::int64_t r = 0; r < to.rows(t); ++r, target += row) {
          const std::int64_t b = indices[static_cast<std::size_t>(to.sequence_at(r))];
          const From* at = source + (from.offset(t) + from.place()[static_cast<std::size_t>(b)]) * row;
          for (std::int64_t c = 0; c < row; ++c) target[c] = converted<To>(at[c]);
        }
      }
    });
  });
}

Samples Samples::cast(DType dtype) const {
  Samples out;
  out.layout_ = layout_;
  out.fill_ = fill_;
  out.values_ = values_.dtype() == DType::int32 ? values_ : values_.cast(dtype);
  return out;
}

}  // namespace rondo
