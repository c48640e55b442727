#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rondo::detail {

enum class CellKind { number, missing, text };

/// What a cell holds. `value` becomes the number, or NaN. Infinities and numbers beyond double's range count
/// as text. A word of `more_missing` that is a number means that number, however it is written. `thousands`:
/// the sign that may stand between groups of three digits, '\0' for none.
CellKind read_cell(std::string_view cell, char decimal, const std::vector<std::string>& more_missing,
                   double& value, char thousands = '\0');

/// Whether a number's digits stand in groups of three with `sign` between them, as in 1,234,567.
bool has_thousands(std::string_view cell, char sign);

/// The cell, made fit for a message: at most 40 bytes, control characters as '?', in quotes.
std::string shown(std::string_view cell);

/// The shortest text that reads back to the same number; "" for NaN.
std::string number_text(double value);

}  // namespace rondo::detail
