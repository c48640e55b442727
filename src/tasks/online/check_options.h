#pragma once

#include <cstdint>

#include "rondo/tasks/online.h"

namespace rondo::online {

/// Throws Error(usage) that names the option, or the number of columns, that is out of range.
void check_online_options(std::int64_t targets, std::int64_t covariates, const OnlineOptions& options);

}  // namespace rondo::online
