#pragma once

#include <cstdint>

#include "rondo/tasks/forecast.h"

namespace rondo::checking {

/// What training will take, roughly: within a factor of about three.
struct Cost {
  double seconds = 0, bytes = 0;
};

/// Of `rondo forecast`: `training_rows` over `series`, with `columns` of the table in use.
Cost forecast_cost(std::int64_t training_rows, std::int64_t series, std::int64_t longest,
                   std::int64_t columns, const ForecastOptions& options);

/// Of `rondo train`: samples of `steps` steps (1 for rows) through a network of `parameters` numbers.
Cost training_cost(std::int64_t parameters, std::int64_t steps, std::int64_t samples, std::int64_t batch,
                   std::int64_t epochs, std::int64_t table_cells, std::int64_t threads);

}  // namespace rondo::checking
