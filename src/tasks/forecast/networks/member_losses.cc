#include "tasks/forecast/networks/member_losses.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "tasks/forecast/networks/residual_data.h"

namespace rondo::forecasting {

std::vector<ForecastMember> members_of(const Network& network, const History& history,
                                       std::int64_t best_epoch, std::span<const double> shares) {
  std::vector<ForecastMember> out;
  const std::size_t count = network.output_count();
  for (std::size_t k = 0; k < count; ++k) {
    ForecastMember member;
    member.fold = static_cast<std::int64_t>(k) % kHeldOutParts + 1;
    member.validation_loss = std::nan("");
    const auto* losses = history.find(count == 1 ? "val_loss" : "val_" + network.output_name(k) + "_loss");
    if (losses != nullptr && !losses->empty() && shares[k] > 0) {
      const auto lowest = std::min_element(losses->begin(), losses->end());
      member.best_epoch = lowest - losses->begin() + 1;
      const auto kept = static_cast<std::size_t>(std::max<std::int64_t>(best_epoch, 1) - 1);
      if (kept < losses->size()) member.validation_loss = (*losses)[kept] / shares[k];
    }
    out.push_back(member);
  }
  return out;
}

}  // namespace rondo::forecasting
