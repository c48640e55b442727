#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "tasks/forecast/panel/panel.h"

namespace rondo::forecasting {

/// Targets of origins, [origins, horizon].
Rows target_rows(const ScaledPanel& scaled, std::span<const Origin> origins);
/// The same with NaN where a value was missing and is the one before: nothing is evaluated there.
Rows observed_targets(const ScaledPanel& scaled, std::span<const Origin> origins);

/// Which origins may be learnt from.
using OriginFilter = std::function<bool(const Origin&)>;

/// Every how many origins one is used, so that about 20,000 are.
std::int64_t origin_stride(const Panel& panel);
/// One origin in `stride`, drawn without regard to the season (every 24th hour would know one hour of the
/// day).
bool is_drawn(const Origin& origin, std::int64_t stride);

}  // namespace rondo::forecasting
