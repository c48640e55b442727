#pragma once

#include "rondo/tasks/forecast_accuracy.h"
#include "tasks/forecast/likelihood/distribution.h"

namespace rondo::forecasting {

/// Continuous ranked probability score of the value y.
inline double crps_of(const Distribution& d, double y) {
  switch (d.likelihood) {
    case Likelihood::gaussian: return accuracy::crps_gaussian(y, d.location, d.scale);
    case Likelihood::student_t: return accuracy::crps_student_t(y, d.location, d.scale, d.shape);
    case Likelihood::negative_binomial: return accuracy::crps_negative_binomial(y, d.location, d.shape);
    default: return accuracy::crps_poisson(y, d.location);
  }
}

}  // namespace rondo::forecasting
