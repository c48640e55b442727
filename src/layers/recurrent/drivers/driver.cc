#include "layers/recurrent/drivers/driver.h"

#include <array>

#include "layers/recurrent/drivers/checkpointed.h"
#include "layers/recurrent/drivers/lanes.h"
#include "layers/recurrent/drivers/rows.h"
#include "layers/recurrent/drivers/single.h"

namespace rondo {

template <>
std::span<const RecurrentDriver<RecurrentPlan<float>>> recurrent_drivers() {
  static constexpr std::array drivers{kCheckpointedDriver<float>, kLanesDriver, kSingleDriver,
                                      kRowsDriver<float>};
  return drivers;
}

template <>
std::span<const RecurrentDriver<RecurrentPlan<double>>> recurrent_drivers() {
  static constexpr std::array drivers{kCheckpointedDriver<double>, kRowsDriver<double>};
  return drivers;
}

}  // namespace rondo
