#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tasks/forecast/table/raw_series.h"

namespace rondo::forecasting {

/// Past covariates, and known ones, that a forecast uses at most: what it costs grows with the third power of
/// their number, and of so many the further ones have little to add.
constexpr std::size_t kMostCovariates = 64;

/// Leaves the columns in that go best with the next steps of the targets in the first `train_rows` rows of
/// each series, `most` of each kind, and says so in a note. The others are as if the table did not have them.
void keep_best_covariates(RawPanel& raw, const std::vector<std::int64_t>& train_rows, std::size_t most,
                          std::vector<std::string>& notes);

}  // namespace rondo::forecasting
