#include "layers/recurrent/common/gain_sums.h"

#include "kernels/matrix.h"
#include "layers/recurrent/common/gate_ranges.h"

namespace rondo {

template <class T>
GainSums<T> make_gain_sums(const RecurrentShape& shape, std::int64_t batch, bool with_state,
                           Workspace& workspace) {
  const auto zeros = [&](std::int64_t width) { return workspace.zeros<T>(batch * width); };
  const std::int64_t gate_width = shape.cell->info.gates * shape.units;
  GainSums<T> sums;
  sums.input = zeros(gate_width);
  sums.recurrent = zeros(gate_width);
  sums.bias = zeros(gate_width);
  if (shape.cell->info.recurrent_bias) sums.recurrent_bias = zeros(gate_width);
  if (with_state) {
    sums.state = zeros(shape.units);
    sums.state_bias = zeros(shape.units);
  }
  return sums;
}

template <class T>
void add_gain_sums(const RecurrentShape& shape, std::int64_t batch, const GainSums<T>& sums,
                   const RecurrentWeights<T>& gradients) {
  const cells::CellInfo& info = shape.cell->info;
  const std::int64_t units = shape.units, gate_width = info.gates * units;
  const auto add_gains = [&](const T* of_places, std::int64_t first_column, const GateRange& range, T* to) {
    for (int i = 0; to != nullptr && i < range.count; ++i) {
      kernels::add_column_sums<T>({of_places + first_column + i * units, batch, units, gate_width},
                                  to + nth(range.gate, i) * units);
    }
  };
  T *bias = nullptr, *recurrent_bias = nullptr;
  if (gradients.bias.data != nullptr) {
    bias = gradients.bias.row(0);
    if (info.recurrent_bias) recurrent_bias = gradients.bias.row(1);
  }
  add_gains(sums.input, 0, input_range(info), gradients.kernel_gain);
  add_gains(sums.bias, 0, input_range(info), bias);
  std::int64_t column = 0;
  for (int s = 0; s < info.stages; ++s) {
    const GateRange range = recurrent_range(info, s);
    add_gains(sums.recurrent, column, range, gradients.recurrent_gain);
    add_gains(sums.recurrent_bias, column, range, recurrent_bias);
    column += range.count * units;
  }
  if (sums.state != nullptr && gradients.state_gain != nullptr) {
    kernels::add_column_sums<T>({sums.state, batch, units, units}, gradients.state_gain);
    kernels::add_column_sums<T>({sums.state_bias, batch, units, units}, gradients.state_bias);
  }
}

template GainSums<float> make_gain_sums(const RecurrentShape&, std::int64_t, bool, Workspace&);
template GainSums<double> make_gain_sums(const RecurrentShape&, std::int64_t, bool, Workspace&);
template void add_gain_sums(const RecurrentShape&, std::int64_t, const GainSums<float>&,
                            const RecurrentWeights<float>&);
template void add_gain_sums(const RecurrentShape&, std::int64_t, const GainSums<double>&,
                            const RecurrentWeights<double>&);

}  // namespace rondo
