#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tasks/forecast/networks/network_plan.h"
#include "tasks/forecast/windows/window.h"
#include "tasks/forecast/windows/window_samples.h"

namespace rondo::forecasting {

/// Encoder and decoder over segments with a linear path beside them. Each member has its own parameters:
///
///     e_i  = relu(dense(segment i))                       i = 1 … steps
///     h    = cell(e_1 … e_steps)
///     d_k  = cell'(position k, calendar, known, statics)  k = 1 … out_steps, from state h
///     y    = dense'(dropout(d_k)) + linear(window)        both start at zero: the first forecast is the
///     window's base
///
/// A likelihood has a dense' for each parameter of the target's distribution; the linear path is added to the
/// location (to every quantile, each with its own). Under `revin` the window's values go through x' = gain ·
/// x + offset before all of this, and the location comes back by (y' - offset) / gain.
/// `direct`: y = dense'(dropout(h), what is known of the horizon) + linear(window).
Network make_encoder_decoder(const Window& window, const NetworkTraining& settled);

class EncoderDecoder final : public NetworkForecaster {
 public:
  Window window;
  LikelihoodHead head;
  bool direct = false;

  std::string name() const override { return direct ? "direct" : "encoder_decoder"; }
  std::int64_t look_back() const override { return window.rows(); }
  bool has_distribution() const override { return !head.is_point(); }
  std::vector<Forecasts> members(const ScaledPanel& scaled, std::span<const Origin> origins,
                                 Pool& pool) override;
  void archive(tasks::Archive& archive) override;
  bool fits(const PanelShape& panel) const override;
};

/// A plan of networks that forecast the series itself from windows.
class WindowPlan : public NetworkPlan {
 public:
  Window window;

  WindowPlan(Window view, NetworkTraining how) : NetworkPlan(std::move(how)), window(std::move(view)) {}
  std::int64_t look_back() const override { return window.rows(); }
  std::int64_t first_origin(const TrainingTask&) const override { return window.first_origin(); }
  std::int64_t reach() const override { return window.out_rows(); }
  std::unique_ptr<Folds> folds(const TrainingTask& task, int members, std::int64_t first,
                               std::int64_t reach) const override;
};

class EncoderDecoderPlan final : public WindowPlan {
 public:
  using WindowPlan::WindowPlan;
  std::unique_ptr<NetworkPlan> clone() const override;
  std::unique_ptr<NetworkPlan> with_look_back(const TrainingTask& task, std::int64_t rows) const override;
  NetworkTraining settled(const TrainingTask& task) const override;
  TrainedNetwork train(const TrainingTask& task, const Folds& folds, Pool& pool) const override;
};

/// The window that options and rows suggest, on its scale.
Window window_for(const TrainingTask& task);
/// Windows of the training part, validation apart.
std::int64_t training_windows(const Panel& panel, const Window& window);
/// The option that asks for a network over windows, whatever the number of rows; "" where none does.
std::string asks_for_windows(const ForecastOptions& options);
/// Error(data) where there are too few windows even for who asks for them.
void require_windows(const Panel& panel, const Window& window, const std::string& because);

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
