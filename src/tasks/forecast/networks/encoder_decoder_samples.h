#pragma once

#include <span>
#include <vector>

#include "tasks/forecast/windows/window.h"
#include "tasks/forecast/windows/window_samples.h"

namespace rondo::forecasting {

/// Inputs of an encoder-decoder: encoder, decoder and linear, see Window::fill.
std::vector<Samples> encoder_decoder_inputs(const ScaledPanel& scaled, const Window& window,
                                            std::span<const Origin> origins, DType dtype);

/// Targets [batch, out_rows] on the window's scale; for counts [batch, 2 · out_rows]: the counts themselves,
/// then their exposures.
class EncoderDecoderSamples final : public WindowSamples {
 public:
  EncoderDecoderSamples(const ScaledPanel& scaled, const Folds& folds, const SampleChoice& choice,
                        const Window& window)
      : WindowSamples(scaled, folds, choice), window_(window) {}

 protected:
  std::vector<Samples> inputs(std::span<const Origin> origins, DType dtype) const override {
    return encoder_decoder_inputs(scaled_, window_, origins, dtype);
  }
  Tensor target(int, std::span<const Origin> origins, DType dtype) const override;

 private:
  const Window& window_;
};

}  // namespace rondo::forecasting
