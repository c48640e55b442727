#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rondo {

/// Text made safe between HTML tags and inside quoted attributes. Control characters and broken UTF-8 become
/// U+FFFD.
std::string escape_html(std::string_view text);

/// JSON text made safe inside a <script> element: no '<', '>' or '&' stays, so neither "</script>" nor "<!--"
/// can end it. Broken UTF-8 becomes U+FFFD.
std::string escape_json_for_script(std::string_view json);

/// A number for people: four significant digits, thousands separated from 10,000 on, "–" for NaN.
std::string format_number(double value);

/// A number of a column whose largest is `largest`: the decimals that give that one four significant digits.
std::string format_number_beside(double value, double largest);

/// A number of things, thousands separated: "2,820".
std::string format_count(std::size_t count);

/// A share as per cent, e.g. 0.123 → "12.3 %", "–" for NaN. With `sign`, "+12.3 %".
std::string format_percent(double share, bool sign = false);

/// A skill, 1 − error / error of a rival: three decimals.
std::string format_skill(double skill);

/// "seasonal naive" → "Seasonal naive".
std::string capital(std::string text);

/// "lstm" → "LSTM", "simple_rnn" → "SimpleRNN".
std::string cell_name(std::string cell);

/// A duration, e.g. "0.84 s", "12.3 s", "3 min 05 s".
std::string format_seconds(double seconds);

}  // namespace rondo
