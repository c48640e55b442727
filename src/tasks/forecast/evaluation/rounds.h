#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tasks/forecast/panel/panel.h"

namespace rondo::forecasting {

/// The backtest in order of time: round k is the k-th origin of every series. What comes after the last round
/// is the forecast past the end.
class Rounds {
 public:
  /// `origins` series by series, every `stride` rows.
  Rounds(std::span<const Origin> origins, std::int64_t horizon, std::int64_t stride);

  std::size_t count() const { return places_.size(); }
  /// Places among the origins.
  std::span<const std::size_t> places(std::size_t round) const { return places_[round]; }
  /// Those whose whole horizon has become known since the round before; before the end, of all the others.
  std::vector<std::size_t> known_before(std::size_t round) const;
  /// Whether something is to be learnt from that: now and then in a long backtest, and at its end.
  bool is_due(std::size_t round) const;

 private:
  std::vector<std::vector<std::size_t>> places_;
  std::size_t delay_ = 1;  ///< rounds until the horizon of an origin is known
};

}  // namespace rondo::forecasting
