#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/options.h"
#include "rondo/tensor_file.h"

// Learning from a stream: every row is predicted first and learnt from afterwards, in constant memory. `rondo online`.

namespace rondo {

/// What is learnt and how.
struct OnlineOptions {
  std::int64_t horizon = 1;
  std::string cell = "gru";
  std::int64_t units = 32;
  std::string gradient = "auto";
  std::int64_t chunk = 32;
  std::int64_t every = 8;
  double learning_rate = 0.003;
  double clip = 1;
  std::int64_t lags = 24;
  double forgetting = 0.9995;
  std::int64_t memory = 10000;
  double drift_threshold = 30;
  std::uint64_t seed = 1;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("horizon", self.horizon, "rows from the last one known to the one that is forecast");
    option("cell", self.cell,
           "'gru', 'lstm', 'simple_rnn' or any other of the library; with a diagonal recurrence 'indrnn', "
           "'diagonal_gru'; 'none': no network");
    option("units", self.units, "size of the network's state");
    option("gradient", self.gradient,
           "'auto', 'tbptt' (truncated backpropagation through time) or 'rtrl' (exact, diagonal cells only)");
    option("chunk", self.chunk, "rows that truncated backpropagation goes back");
    option("every", self.every, "rows between two steps of the optimiser");
    option("learning_rate", self.learning_rate, "of Adam");
    option("clip", self.clip, "largest norm of the gradient");
    option("lags", self.lags, "past values that the linear predictor sees");
    option("forgetting", self.forgetting, "of the linear predictor: weight of a row against the next one");
    option("memory", self.memory, "rows that means and variances remember");
    option("drift_threshold", self.drift_threshold,
           "how much error above the usual one adds up before a change is reported, in usual errors");
    option("seed", self.seed, "of the first weights; the same seed gives the same bits");
  }
};

/// A change of the stream, or of how well it is forecast.
struct OnlineDrift {
  std::int64_t row = 0;       ///< number of the row at which it was noticed, from 1
  double before = 0;          ///< usual absolute error until then, in usual deviations of the target
  double after = 0;           ///< the same over the last rows
  bool rolled_back = false;   ///< the last good weights came back, since they do better
  std::int64_t good_row = 0;  ///< after how many rows those weights stood
  bool alarm = true;          ///< false: an earlier alarm's good weights came back after all
};

/// What is known of a row once it has been learnt from. Forecasts are those made `horizon` rows before; NaN in the first
/// rows. Refers to memory of the forecaster, until its next row.
struct OnlineRow {
  std::span<const double> actual;       ///< [targets]; NaN where missing
  std::span<const double> forecast;     ///< [targets]
  std::span<const double> persistence;  ///< [targets]: the value `horizon` rows before
  std::span<const double> linear;       ///< [targets]: the running linear predictor
  std::optional<OnlineDrift> drift;
};

/// Forecasts a stream and learns from it, row by row.
///
///     OnlineForecaster forecaster(1, 2, {.horizon = 1});    // one target, two other columns
///     for (each row)  {                                     // {target, other, other}
///       forecaster.predict();                               // [targets], `horizon` rows after the last one
///       forecaster.partial_fit(row);
///     }
///
/// A forecast is a mixture of persistence, of a linear predictor (recursive least squares on the last `lags` values) and of
/// a recurrent network that learns what the line leaves; the weights follow their recent errors (fixed share: Herbster,
/// Warmuth 1998), so that it is never much worse than the best of them. Scales are running means and variances of the
/// past alone. Between rows it keeps scales, line, weights, optimiser, states, mixture and drift detector; `state` copies
/// all that out, and one that is restored goes on with the same bits.
///
/// Memory does not grow with the rows. The work for a row is the same for every row, but for the step of the optimiser at
/// every `every`-th.
class OnlineForecaster {
 public:
  /// Rows will have `targets` + `covariates` numbers: the targets first. Throws Error(usage) for options out of range.
  OnlineForecaster(std::int64_t targets, std::int64_t covariates, OnlineOptions options = {});
  OnlineForecaster(OnlineForecaster&&) noexcept;
  OnlineForecaster& operator=(OnlineForecaster&&) noexcept;
  ~OnlineForecaster();

  /// Forecast of the targets `horizon` rows after the last row, in their units. NaN before the first row.
  std::span<const double> predict() const;
  /// Scores the forecast that was made of this row, learns from it, and forecasts `horizon` rows further. NaN is a missing
  /// value: nothing is learnt of it, and inputs keep their last one. Throws Error(usage) for another number of values,
  /// Error(data) for infinities; nothing has changed then.
  const OnlineRow& partial_fit(std::span<const double> row);

  std::int64_t rows() const;  ///< learnt from
  std::int64_t targets() const;
  std::int64_t covariates() const;
  const OnlineOptions& options() const;
  /// Shares of persistence, line, network and its averaged weights in the forecast of a target.
  std::span<const double> shares(std::int64_t target = 0) const;

  /// Everything that is kept between rows, as arrays for write_tensor_file().
  TensorFile state() const;
  /// Throws Error(model_file) when the file belongs to a forecaster with other options or columns.
  void restore(const TensorFile& file, const std::string& where = "state file");

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo
