#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "rondo/data/table.h"
#include "rondo/data/timeline.h"

namespace rondo::detail {

/// Says where a row is, for messages.
using RowName = std::function<std::string(std::int64_t row)>;

Timeline read_time_texts(const TextList& texts, const TimeOptions& options, const RowName& where);
Timeline read_time_numbers(std::span<const double> numbers, const TimeOptions& options, const RowName& where);

}  // namespace rondo::detail
