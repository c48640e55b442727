#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rondo::detail {

enum class CellKind { number, missing, text };

/// What a cell holds. `value` becomes the number, or NaN. Infinities and numbers beyond double's range count
/// as text.
CellKind read_cell(std::string_view cell, char decimal, const std::vector<std::string>& more_missing,
                   double& value);

/// The cell, made fit for a message: at most 40 bytes, control characters as '?', in quotes.
std::string shown(std::string_view cell);

/// The shortest text that reads back to the same number; "" for NaN.
std::string number_text(double value);

}  // namespace rondo::detail
