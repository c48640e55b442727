#include "layers/recurrent/common/weight_gradients.h"

#include "kernels/matrix.h"
#include "tape/parallel.h"

namespace rondo {
namespace {

/// The gates of one product, and the columns that hold their gradients.
template <class T>
struct GateColumns {
  GateRange range;
  std::int64_t units, blocks;
  View<const T> d;  ///< [rows, count · units]
  Workspace& workspace;

  /// Runs job(d, sum) where `sum` continues `to` in the order of the range: `to` itself, or a copy of it.
  template <class Job>
  void with_sums(View<T> to, Job job) const {
    if (range.in_file_order()) {
      job(d, to.columns(range.gate[0] * units, d.cols));
      return;
    }
    const View<T> sum{workspace.take<T>(to.rows * d.cols), to.rows, d.cols, d.cols};
    gates_to_sums(to, range, units, sum.data, sum.stride);
    job(d, sum);
    sums_to_gates(sum.data, sum.stride, range, units, to);
  }

  /// to [k / blocks, gates · units] += leftᵀ·d.
  void add_product(View<const T> left, std::int64_t gate_stride, View<T> to) const {
    if (to.data == nullptr) return;
    if (blocks > 1) {
      add_blocks(left, gate_stride, to);
      return;
    }
    if (gate_stride == 0) {
      with_sums(to,
                [&](View<const T> g, View<T> sum) { add_weight_gradient(workspace.pool(), left, g, sum); });
      return;
    }
    for (int i = 0; i < range.count; ++i) {
      const int gate = nth(range.gate, i);
      View<const T> own = left;
      own.data += gate * gate_stride;
      add_weight_gradient(workspace.pool(), own, d.columns(i * units, units),
                          to.columns(gate * units, units));
    }
  }
  /// Threads share blocks, not columns, of which a block has few.
  void add_blocks(View<const T> left, std::int64_t gate_stride, View<T> to) const {
    const std::int64_t seen = left.cols / blocks, width = units / blocks;
    parallel_rows(workspace.pool(), blocks, left.rows * seen * range.count * width,
                  [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t b = begin; b < end; ++b) {
                      for (int i = 0; i < range.count; ++i) {
                        const int gate = nth(range.gate, i);
                        View<const T> own = left.columns(b * seen, seen);
                        own.data += gate * gate_stride;
                        kernels::add_transposed_product(own, d.columns(i * units + b * width, width),
                                                        to.columns(gate * units + b * width, width));
                      }
                    }
                  });
  }
  void add_column_sums(View<T> to) const {
    with_sums(to, [](View<const T> g, View<T> sum) { kernels::add_column_sums(g, sum.data); });
  }
};

}  // namespace

template <class T>
void add_weight_gradients(const RecurrentShape& shape, const StepRows<T>& rows,
                          const RecurrentWeights<T>& gradients, Workspace& workspace) {
  const cells::CellInfo& info = shape.cell->info;
  const std::int64_t units = shape.units;
  const bool normalized = rows.d_inputs.data != nullptr;
  const auto columns_of = [&](const GateRange& range, std::int64_t blocks = 1) {
    const View<const T> d = rows.d_sums;
    return GateColumns<T>{range, units, blocks, d.columns(range.first * units, range.count * units),
                          workspace};
  };

  GateColumns<T> input = columns_of(input_range(info));
  if (normalized) input.d = rows.d_inputs;
  input.add_product(rows.x, rows.x_gate_stride, gradients.kernel);
  std::int64_t column = 0;  // of a stage in d_recurrent
  for (int stage = 0; stage < info.stages; ++stage) {
    GateColumns<T> recurrent = columns_of(recurrent_range(info, stage), shape.blocks);
    if (normalized) recurrent.d = View<const T>(rows.d_recurrent).columns(column, recurrent.d.cols);
    column += recurrent.d.cols;
    recurrent.add_product(stage == 0 ? rows.h : rows.gated_state, rows.h_gate_stride,
                          gradients.recurrent_kernel);
  }
  if (gradients.bias.data != nullptr && !normalized) {
    columns_of(input_range(info)).add_column_sums(gradients.bias.rows_from(0, 1));
    if (info.recurrent_bias)
      columns_of(recurrent_bias_range(info)).add_column_sums(gradients.bias.rows_from(1, 1));
  }
  for (int p = 0; p < info.vectors; ++p) {
    T* to = nth(gradients.vectors, p);
    if (to != nullptr) kernels::add_column_sums(View<const T>(rows.d_vectors).columns(p * units, units), to);
  }
}
template void add_weight_gradients(const RecurrentShape&, const StepRows<float>&,
                                   const RecurrentWeights<float>&, Workspace&);
template void add_weight_gradients(const RecurrentShape&, const StepRows<double>&,
                                   const RecurrentWeights<double>&, Workspace&);

}  // namespace rondo
