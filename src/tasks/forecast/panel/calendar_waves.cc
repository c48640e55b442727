#include "tasks/forecast/panel/calendar_waves.h"

#include <algorithm>
#include <string>

#include "tasks/common/archive.h"

namespace rondo::forecasting {

void CalendarWaves::archive(tasks::Archive& archive) {
  archive.field("seasons", seasons);
  archive.field("orders", orders);
  if (!archive.reading()) return;
  if (seasons.size() != orders.size())
    archive.refuse("orders", "does not fit the seasons", std::to_string(orders.size()));
  if (!std::ranges::all_of(seasons, [](double season) { return season >= 1e-3 && season <= 1e12; }))
    archive.refuse("seasons", "is out of range", {}, "0.001 to 1e12 rows");
  if (!std::ranges::all_of(orders, [](std::int64_t order) { return order >= 0 && order <= kMaxCount; }))
    archive.refuse("orders", "is out of range", {}, "0 to " + std::to_string(kMaxCount));
}

}  // namespace rondo::forecasting
