#pragma once

#include <map>
#include <string>
#include <vector>

#include "rondo/tape/layer.h"
#include "rondo/tensor/dataset.h"
#include "rondo/train/losses.h"

namespace rondo::detail {

/// One output beside its target, row by row, as losses and metrics want it.
struct AlignedRows {
  ConstMatrix prediction;  ///< [rows, columns]; features of several axes count their leading ones as rows
  ConstMatrix target;
  std::vector<double> weights;  ///< by row; empty: all 1
  Tensor storage;               ///< what `target` points into where a copy was needed
  Tensor cast;
  std::vector<std::int64_t> row_of;  ///< by padded place: the target's row there
};

/// Puts a target that came as a plain array into the form of the output: [batch, time] becomes sequences
/// where the output is one; sequences become arrays where it is none.
void shape_target(const Samples& target, bool output_is_sequence, const std::string& output, LayoutPool& pool,
                  Samples& out);

/// Finds the row of `target` (in the form that shape_target gives) for every row of `prediction`, and the
/// weights
/// ([batch], [batch, time], or null). `target` must outlive the result, whose memory is used again. `output`
/// names the output in messages.
void align(const Value& prediction, const Samples& target, const Tensor* weights, const Loss& loss,
           const std::string& output, AlignedRows& out);

/// Multiplies the weights by that of each row's class: the class number in the target, or its largest column.
void apply_class_weights(AlignedRows& rows, const std::map<std::int64_t, double>& class_weight);

/// The steps at padded positions begin … end − 1 of every sequence; what is no sequence stays as it is.
Samples slice_time(const Samples& batch, std::int64_t begin, std::int64_t end);

/// Padded position of every sequence's last used step; -1 for one without steps.
std::vector<std::int64_t> last_positions(const Layout& layout);

}  // namespace rondo::detail
