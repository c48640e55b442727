#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rondo::kernels {

/// Pointwise functions. Those up to kLastRecurrent have a derivative that can be told from the value alone,
/// which is what recurrent cells keep.
enum class ActivationKind : std::uint8_t {
  linear,
  tanh,
  sigmoid,
  relu,
  hard_sigmoid,
  hard_tanh,
  relu6,
  leaky_relu,
  elu,
  selu,
  softplus,
  softsign,
  exponential,
  silu,
  gelu,
  gelu_tanh,
  mish,
  log_sigmoid,
  softmax,
  log_softmax
};
constexpr ActivationKind kLastRecurrent = ActivationKind::exponential;

const char* activation_name(ActivationKind kind);
/// By Keras's name (aliases "swish", "leaky_relu", ...); unknown: Error(usage) with the nearest name.
ActivationKind parse_activation(const std::string& name, const std::string& where);
std::vector<std::string> activation_names();

}  // namespace rondo::kernels
