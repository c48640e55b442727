#include "layers/recurrent/drivers/driver.h"

#include <array>

#include "layers/recurrent/drivers/checkpointed.h"
#include "layers/recurrent/drivers/lanes.h"
#include "layers/recurrent/drivers/rows.h"
#include "layers/recurrent/drivers/single.h"

namespace rondo {

template <>
std::span<const RecurrentDriver<RecurrentPlan<float>>> recurrent_drivers() {
  static const std::array drivers{checkpointed_driver<float>(), kLanesDriver, single_driver(),
                                  kRowsDriver<float>};
  return drivers;
}

template <>
std::span<const RecurrentDriver<RecurrentPlan<double>>> recurrent_drivers() {
  static const std::array drivers{checkpointed_driver<double>(), kRowsDriver<double>};
  return drivers;
}

}  // namespace rondo
