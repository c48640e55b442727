#include "tasks/forecast/networks/encoder_decoder_samples.h"

#include <cmath>

namespace rondo::forecasting {

std::vector<Samples> encoder_decoder_inputs(const ScaledPanel& scaled, const Window& window,
                                            std::span<const Origin> origins, DType dtype) {
  const auto batch = static_cast<std::int64_t>(origins.size());
  Tensor encoder({batch, window.steps, window.step_features()});
  Tensor decoder({batch, window.out_steps, window.decoder_features()});
  Tensor linear({batch, window.linear_features()});
  const auto e = static_cast<std::size_t>(window.steps * window.step_features());
  const auto d = static_cast<std::size_t>(window.out_steps * window.decoder_features());
  const auto l = static_cast<std::size_t>(window.linear_features());
  for (std::size_t b = 0; b < origins.size(); ++b) {
    window.fill(scaled, origins[b], encoder.data<float>().subspan(b * e, e),
                decoder.data<float>().subspan(b * d, d), linear.data<float>().subspan(b * l, l));
  }
  std::vector<Samples> inputs;
  for (Tensor* tensor : {&encoder, &decoder, &linear}) {
    inputs.emplace_back(dtype == DType::float32 ? std::move(*tensor) : tensor->cast(dtype));
  }
  return inputs;
}

Tensor EncoderDecoderSamples::target(int, std::span<const Origin> origins, DType dtype) const {
  const auto batch = static_cast<std::int64_t>(origins.size());
  const std::int64_t width = window_.out_rows() * (window_.counts ? 2 : 1);
  Tensor target({batch, width}, dtype);
  std::vector<double> truth(static_cast<std::size_t>(window_.out_rows()));
  for (std::int64_t b = 0; b < batch; ++b) {
    const Origin& origin = origins[static_cast<std::size_t>(b)];
    if (window_.counts) {
      const std::vector<double>& values =
          scaled_.panel().series[static_cast<std::size_t>(origin.series)].values;
      const double size = window_.size(scaled_, origin);
      for (std::int64_t h = 0; h < window_.out_rows(); ++h) {
        const auto row = static_cast<std::size_t>(origin.row + 1 + h);
        target.set(b * width + h, row < values.size() ? values[row] : std::nan(""));
        target.set(b * width + window_.out_rows() + h, size);
      }
      continue;
    }
    window_.targets(scaled_, origin, truth);
    for (std::size_t h = 0; h < truth.size(); ++h) {
      target.set(b * width + static_cast<std::int64_t>(h), truth[h]);
    }
  }
  return target;
}

}  // namespace rondo::forecasting
