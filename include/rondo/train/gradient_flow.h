#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rondo/tensor/dataset.h"
#include "rondo/train/training.h"

// Does learning reach the first steps of a sequence? Looks into a network's backpropagation through time.

namespace rondo {

enum class GradientDiagnosis { healthy, saturated, vanishing, exploding };

/// How often a gate is stuck: there its slope is below a fifth of the largest and hardly anything is learnt.
/// Of a cell without gates: its state, whose limits are −0.95 and 0.95.
struct GateSaturation {
  std::string gate;  ///< "input", "forget", "output", "update", "reset", …, or "state"
  double low = 0;    ///< share of activations below low_limit
  double high = 0;   ///< share above high_limit
  double low_limit = 0.05;
  double high_limit = 0.95;
};

/// The recurrent weights of one gate, [units, units]; of a block-diagonal recurrence the largest of its
/// blocks.
struct GateSpectrum {
  std::string gate;            ///< "candidate", "forget", …
  double spectral_radius = 0;  ///< largest |eigenvalue|
  double largest_singular_value = 0;
};

/// One recurrent layer.
struct LayerGradientFlow {
  std::string layer;  ///< its name in the network; in wrappers "bidirectional.forward"
  std::string cell;   ///< "lstm", "gru", …
  std::int64_t units = 0;
  std::int64_t sequences = 0;  ///< that were measured
  /// Mean over the sequences of the Euclidean norm of ∂L/∂h_t, by steps back: [0] is the last step that the
  /// layer read. All of the loss counts, so a network with an output at every step never shows zero here.
  std::vector<double> norm;
  /// The same for what comes back from the last step alone: what the first steps hear of the end. Equals
  /// `norm` where only the last output is used.
  std::vector<double> norm_from_end;
  std::int64_t steps_for_99_percent = 0;  ///< of norm_from_end, the last so many steps carry 99 % of the sum
  double growth = 1;                      ///< mean factor by which norm_from_end changes with every step back
  std::vector<GateSaturation> gates;      ///< empty where they are not measured (layer_norm, proj_size)
  std::vector<GateSpectrum> spectra;      ///< empty with proj_size
  GradientDiagnosis diagnosis = GradientDiagnosis::healthy;
  std::string
      finding;  ///< in words, with figures: "gradients vanish: the last 10 of 48 steps carry 99 % of …"
  std::string remedy;  ///< what to do; empty when healthy
};

struct GradientFlow {
  std::vector<LayerGradientFlow> layers;  ///< in the order in which they ran; empty: no recurrent layer
  /// The worst of the layers' (exploding, vanishing, saturated, healthy).
  GradientDiagnosis diagnosis = GradientDiagnosis::healthy;

  bool empty() const noexcept { return layers.empty(); }
};

/// Runs the network forward and back over `examples` (some 32 sequences are enough; take them from the
/// training part) as in inference, without dropout, and follows the gradient of the loss through every
/// recurrent layer, step by step, in double. Parameters and their gradients are left as they were. `compile`
/// names the loss as for training. Only the first `most_layers` recurrent layers are looked into; 0: all are.
///
/// Layers that are not made of a cell (gru_d, say) are passed over. Throws Error(usage) when examples and
/// network do not fit, Error(diverged) when the loss is not finite.
GradientFlow measure_gradient_flow(Network& network, const Batch& examples, const CompileOptions& compile,
                                   std::int64_t most_layers = 0);

/// The same for a pass that was played back already: tape.reset(), network.run(), tape.backward(), then this.
/// For losses that are no rondo::Loss.
GradientFlow measure_gradient_flow(const Tape& tape, std::int64_t most_layers = 0);

/// Largest |eigenvalue| of the square matrix `values` [size, size], to about three digits.
double spectral_radius(std::span<const double> values, std::int64_t size);
/// Largest singular value, ‖A‖₂.
double largest_singular_value(std::span<const double> values, std::int64_t size);

}  // namespace rondo
