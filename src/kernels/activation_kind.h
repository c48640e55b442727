#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rondo::kernels {

/// An activation: its place in the table of formulas/activations-inl.h, where each is written once. Those
/// that code asks for have names here; all others are known by what Keras calls them.
enum class ActivationKind : std::uint8_t {
  linear,
  tanh,
  sigmoid,
  relu,
  hard_sigmoid,
  hard_tanh,
  softplus,
  exponential,
  softmax,
  log_softmax
};

struct ActivationInfo {
  const char* name;
  const char* alias;  ///< null: none
  bool recurrent;     ///< its derivative follows from its value, which is what recurrent cells keep
};
/// By kind.
std::span<const ActivationInfo> activations();

bool is_recurrent(ActivationKind kind);
/// By Keras's name (aliases "swish", ...); unknown: Error(usage) with the nearest name.
ActivationKind parse_activation(const std::string& name, const std::string& where);
std::vector<std::string> activation_names();

}  // namespace rondo::kernels
