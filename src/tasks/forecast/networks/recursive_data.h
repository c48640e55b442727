#pragma once

#include "tasks/forecast/windows/window.h"
#include "tasks/forecast/windows/window_samples.h"

namespace rondo::forecasting {

/// The window of the recursive network: every row of the horizon and of the look-back of `window` is a step,
/// of the latter at most 96, so that training stays quick, unless the user named it (`given` > 0). A window
/// is minus the mean of its first half, divided by its standard deviation (counts: see
/// Window::counts). The rows of that half are not learnt: with them in their own mean, all paths would
/// bend back to it.
Window recursive_window(Window window, std::int64_t horizon, std::int64_t given);

/// Numbers that the recursive network reads before it predicts row r: the value of row r − 1 on the window's
/// scale (place 0), whether that was observed (place 1, of masked windows), then what is known of row r
/// beforehand. Covariates whose future is not known have no place in a recurrence.
std::int64_t recursive_features(const Window& window);
/// All but place 0, which is 0; the value before counts as observed: a draw takes its place.
void fill_recursive_row(const ScaledPanel& scaled, const Window& window, const Origin& origin,
                        const Window::Scale& own, std::int64_t row, std::span<float> out);
/// As inputs are clipped.
float recursive_input(double value);

/// Inputs of the rows origin − steps + 2 … origin + 1 and `ahead` more, the previous values being the truth
/// (teacher forcing): [origins, steps + ahead, features].
Tensor recursive_inputs(const ScaledPanel& scaled, const Window& window, std::span<const Origin> origins,
                        std::int64_t ahead);

/// Windows with a target for every row of look-back and horizon, [batch, steps + horizon − 1, 1] (counts: 2,
/// the count and its exposure). Training counts the rows after the window's base that the member does not
/// hold out, validation the horizon.
class RecursiveSamples final : public WindowSamples {
 public:
  RecursiveSamples(const ScaledPanel& scaled, const Folds& folds, const SampleChoice& choice,
                   const Window& window)
      : WindowSamples(scaled, folds, choice), window_(window) {}

 protected:
  std::vector<Samples> inputs(std::span<const Origin> origins, DType dtype) const override;
  Tensor target(int, std::span<const Origin> origins, DType dtype) const override;
  Tensor weight(int member, std::span<const Origin> origins, DType dtype) const override;

 private:
  std::int64_t rows() const { return window_.steps + window_.out_steps - 1; }
  std::int64_t first_row(const Origin& origin) const { return origin.row - window_.steps + 2; }

  const Window& window_;
};

}  // namespace rondo::forecasting
