#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "rondo/tensor/tensor.h"

namespace rondo {

/// How the steps of a batch of sequences lie in memory: packed, time-major, longest sequence first. Step t
/// holds rows offset(t) … offset(t) + rows(t) - 1; row r of every step belongs to sequence order()[r].
/// Nothing is stored for padding. Steps that a mask switches off are left out altogether, so a mask of any
/// pattern costs nothing and what stands there (NaN too) is never read. Zero-length sequences are legal.
/// Immutable.
class Layout {
 public:
  /// Every sequence has `steps` steps.
  static std::shared_ptr<const Layout> dense(std::int64_t batch, std::int64_t steps);
  /// Sequence b has lengths[b] steps and the padded array `steps` (-1: the longest).
  static std::shared_ptr<const Layout> from_lengths(std::span<const std::int64_t> lengths,
                                                    std::int64_t steps = -1);
  /// mask is [batch, steps], non-zero = use.
  static std::shared_ptr<const Layout> from_mask(std::span<const std::uint8_t> mask, std::int64_t batch,
                                                 std::int64_t steps);

  std::int64_t batch() const { return batch_; }
  std::int64_t steps() const { return steps_; }  ///< time size of the padded array
  std::int64_t longest() const { return static_cast<std::int64_t>(rows_.size()); }
  std::int64_t total() const { return total_; }                       ///< packed rows
  std::span<const std::int64_t> lengths() const { return lengths_; }  ///< by sequence
  std::span<const std::int64_t> order() const { return order_; }      ///< by place: the sequence there
  std::span<const std::int64_t> place() const { return place_; }      ///< by sequence: its row in every step
  std::int64_t sequence_at(std::int64_t place) const { return order_[static_cast<std::size_t>(place)]; }
  std::int64_t length_at(std::int64_t place) const {
    return lengths_[static_cast<std::size_t>(sequence_at(place))];
  }
  std::int64_t rows(std::int64_t t) const { return rows_[static_cast<std::size_t>(t)]; }
  std::int64_t offset(std::int64_t t) const { return offsets_[static_cast<std::size_t>(t)]; }
  /// Time index in the padded array of step t of the sequence at place r.
  std::int64_t position(std::int64_t t, std::int64_t r) const;
  /// All sequences have all steps.
  bool is_dense() const { return total_ == batch_ * steps_; }
  /// The used steps of every sequence are its first ones.
  bool is_right_padded() const { return positions_.empty(); }
  bool same_as(const Layout& other) const;
  /// Calls visit(packed row, sequence, time index in the padded array) for every row, in order.
  template <class Visit>
  void each_row(Visit visit) const {
    for (std::int64_t t = 0; t < longest(); ++t) {
      for (std::int64_t r = 0; r < rows(t); ++r) visit(offset(t) + r, sequence_at(r), position(t, r));
    }
  }
  /// Calls visit(packed row, packed row of the step that many steps before the sequence's last).
  template <class Visit>
  void each_mirrored_row(Visit visit) const {
    for (std::int64_t t = 0; t < longest(); ++t) {
      for (std::int64_t r = 0; r < rows(t); ++r) visit(offset(t) + r, offset(length_at(r) - 1 - t) + r);
    }
  }
  /// The layout of the same steps when every padded array is read from its end (Keras's go_backwards).
  std::shared_ptr<const Layout> reversed() const;

 private:
  friend class LayoutPool;
  // Each makes this layout another one and keeps its vectors' memory.
  void assign_dense(std::int64_t batch, std::int64_t steps);
  void assign_lengths(std::span<const std::int64_t> lengths, std::int64_t steps);
  void assign_mask(std::span<const std::uint8_t> mask, std::int64_t batch, std::int64_t steps);
  void assign_reversed(const Layout& of);
  void assign_gathered(const Layout& from, std::span<const std::int64_t> indices);
  void arrange();  // everything that follows from lengths_ and steps_
  std::int64_t batch_ = 0, steps_ = 0, total_ = 0;
  std::vector<std::int64_t> lengths_, order_, place_, rows_, offsets_;
  std::vector<std::int64_t> positions_;  // by packed row; empty: position(t, r) == t
};

/// Makes layouts, and makes them in the memory of its earlier ones that nobody else holds any more: a loop
/// over ragged batches soon takes no memory. One thread at a time; what it returned may be read by any number
/// of them.
class LayoutPool {
 public:
  std::shared_ptr<const Layout> dense(std::int64_t batch, std::int64_t steps);
  std::shared_ptr<const Layout> from_lengths(std::span<const std::int64_t> lengths, std::int64_t steps = -1);
  std::shared_ptr<const Layout> from_mask(std::span<const std::uint8_t> mask, std::int64_t batch,
                                          std::int64_t steps);
  std::shared_ptr<const Layout> reversed(const std::shared_ptr<const Layout>& layout);
  /// Of the sequences `indices`, each 0 … batch − 1, in that order.
  std::shared_ptr<const Layout> gathered(const Layout& from, std::span<const std::int64_t> indices);

 private:
  std::shared_ptr<Layout> vacant();
  std::vector<std::shared_ptr<Layout>> layouts_;
};

/// What a model eats: an array per sample, or a sequence per sample, ragged or not.
class Samples {
 public:
  Samples() = default;
  /// [batch, ...]. Rank 3 and more is a batch of sequences [batch, time, features...] of equal length; rank 2
  /// is [batch, features].
  Samples(Tensor values);
  /// Padded sequences [batch, time, ...] of which the first lengths[b] steps count.
  static Samples padded(const Tensor& values, std::span<const std::int64_t> lengths);
  /// Sequences [batch, time, ...] of which the steps with mask != 0 count; mask is [batch, time].
  static Samples masked(const Tensor& values, std::span<const std::uint8_t> mask);
  /// One tensor [time_i, features...] a sequence; times may differ and be 0.
  static Samples ragged(std::span<const Tensor> sequences);
  /// Rows packed already: `values` is [layout->total(), features...].
  static Samples packed(std::shared_ptr<const Layout> layout, Tensor values);
  /// Ids [batch, time] for an embedding: a sequence without feature axis. Numbers are converted to int32, so
  /// that each id stays exact; throws Error(usage) for one that is not whole (where a mask leaves it in).
  static Samples tokens(const Tensor& ids);
  static Samples tokens(const Tensor& ids, std::span<const std::uint8_t> mask);

  bool is_sequence() const { return layout_ != nullptr; }
  std::int64_t size() const;  ///< number of samples
  const std::shared_ptr<const Layout>& layout() const { return layout_; }
  /// [total rows, features...] packed for sequences, else [batch, features...].
  const Tensor& values() const { return values_; }
  Tensor& values() { return values_; }
  /// Shape of a sample without batch and time.
  Shape features() const;

  /// What stands in a padded array where a sequence has no step: zero, or the last step before it (Keras's
  /// rule; zero where there is none).
  enum class Fill : std::uint8_t { zero, repeat };
  /// [batch, time, features...] (or a copy of the values when this is no sequence).
  Tensor to_padded(Fill fill) const;
  Tensor to_padded() const { return to_padded(fill_); }
  /// What to_padded() does: zero, but for outputs of recurrent layers, which say it themselves
  /// (zero_output_for_mask).
  Fill fill() const { return fill_; }
  void set_fill(Fill fill) { fill_ = fill; }
  /// The sequence b alone, [length, features...]; for non-sequences [features...].
  Tensor sample(std::int64_t b) const;
  /// The samples `indices`, in that order.
  Samples gather(std::span<const std::int64_t> indices) const;
  /// The same into a batch whose memory is used again: numbers as values of type `dtype`, ids as ids; `pool`
  /// makes its layout.
  void gather_into(std::span<const std::int64_t> indices, DType dtype, LayoutPool& pool, Samples& out) const;
  /// Numbers as values of type `dtype`; ids stay ids.
  Samples cast(DType dtype) const;

 private:
  std::shared_ptr<const Layout> layout_;
  Fill fill_ = Fill::zero;
  Tensor values_;
};

}  // namespace rondo
