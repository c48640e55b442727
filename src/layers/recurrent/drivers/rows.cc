#include "layers/recurrent/drivers/rows.h"

namespace rondo {

template <class T>
RowsPass<T>::RowsPass(const RecurrentPlan<T>& plan, const RecurrentWeights<const T>& weights,
                      Workspace& workspace)
    : plan_(plan),
      options_(plan.options),
      weights_(weights),
      workspace_(workspace),
      info_(plan.info()),
      formulas_(kernels::formulas<T>(*plan.shape.cell)),
      time_(plan.time),
      units_(plan.shape.units),
      h_width_(plan.state_size(0)),
      stride_(plan.shape.sums_stride()),
      gate_width_(info_.gates * units_),
      inputs_(input_range(info_)),
      parts_(part_count(plan, workspace.pool())) {
  for (int s = 0; s < info_.stages; ++s) nth(recurrent_, s) = recurrent_range(info_, s);
  recurrent_column_[1] = recurrent_[0].count * units_;
}

template <class T>
void RowsPass<T>::prepare_recurrent(typename GateProduct<T>::Options options) {
  options.blocks = plan_.shape.blocks;
  for (int s = 0; s < info_.stages; ++s) {
    nth(recurrent_product_, s) =
        GateProduct<T>(weights_.recurrent_kernel, nth(recurrent_, s), units_, options, workspace_);
    if (options_.normalized) nth(recurrent_gain_, s) = gains_of(weights_.recurrent_gain, nth(recurrent_, s));
  }
  if (options_.normalized) input_gain_ = gains_of(weights_.kernel_gain, inputs_);
}

template <class T>
const T* RowsPass<T>::gains_of(const T* gains, const GateRange& range) {
  return gather_gates(View<const T>{gains, 1, gate_width_, gate_width_}, range, units_, workspace_).data;
}

template <class T>
kernels::Packed<T> RowsPass<T>::pack_projection(bool transposed) {
  return kernels::pack<T>(weights_.projection, transposed, [&](std::int64_t n) { return take(n); });
}

template <class T>
kernels::Zone<T> RowsPass<T>::zone_at(int state, std::int64_t row) const {
  kernels::Zone<T> zone = nth(options_.zones, state);
  if (zone.bits != nullptr) zone.bits += row * zone.stride;
  return zone;
}

template class RowsPass<float>;
template class RowsPass<double>;

}  // namespace rondo
