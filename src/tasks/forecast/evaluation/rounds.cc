#include "tasks/forecast/evaluation/rounds.h"

#include <algorithm>

namespace rondo::forecasting {

namespace {

constexpr std::size_t kMostUpdates = 50;

}  // namespace

Rounds::Rounds(std::span<const Origin> origins, std::int64_t horizon, std::int64_t stride)
    : delay_(static_cast<std::size_t>((horizon + stride - 1) / stride)) {
  std::size_t round = 0;
  for (std::size_t i = 0; i < origins.size(); ++i) {
    round = i > 0 && origins[i].series == origins[i - 1].series ? round + 1 : 0;
    if (round == places_.size()) places_.emplace_back();
    places_[round].push_back(i);
  }
}

std::vector<std::size_t> Rounds::known_before(std::size_t round) const {
  std::vector<std::size_t> out;
  for (std::size_t k = 0; k < count(); ++k) {
    if (std::min(k + delay_, count()) == round) out.insert(out.end(), places_[k].begin(), places_[k].end());
  }
  return out;
}

bool Rounds::is_due(std::size_t round) const {
  const std::size_t every = (count() + kMostUpdates - 1) / kMostUpdates;
  return count() > 0 && (round == count() || (round >= delay_ && (round - delay_) % every == 0));
}

}  // namespace rondo::forecasting
