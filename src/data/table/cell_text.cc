#include "data/table/cell_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace rondo::detail {

namespace {

using namespace std::string_view_literals;

constexpr std::array kMissing = {""sv,     "-"sv,   "--"sv,   "?"sv,    "."sv,    "na"sv,   "n/a"sv,
                                 "#n/a"sv, "nan"sv, "-nan"sv, "null"sv, "none"sv, "<na>"sv, "nil"sv};
constexpr std::size_t kLongestMissing = 4;

bool is_missing(std::string_view cell, const std::vector<std::string>& more) {
  if (cell.size() <= kLongestMissing) {
    std::array<char, kLongestMissing> lower{};
    std::transform(cell.begin(), cell.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    const std::string_view text(lower.data(), cell.size());
    if (std::find(kMissing.begin(), kMissing.end(), text) != kMissing.end()) return true;
  }
  return std::find(more.begin(), more.end(), cell) != more.end();
}

std::string_view trimmed(std::string_view cell) {
  while (!cell.empty() && (cell.front() == ' ' || cell.front() == '\t')) cell.remove_prefix(1);
  while (!cell.empty() && (cell.back() == ' ' || cell.back() == '\t')) cell.remove_suffix(1);
  return cell;
}

bool parse_number(std::string_view cell, double& value) {
  const bool signed_text = !cell.empty() && (cell.front() == '+' || cell.front() == '-');
  const std::string_view digits = signed_text ? cell.substr(1) : cell;
  // from_chars takes "inf", "nan" and hexadecimal-looking texts that are no numbers of a table.
  if (digits.empty() || !((digits[0] >= '0' && digits[0] <= '9') || digits[0] == '.')) return false;
  const char* end = digits.data() + digits.size();
  const auto [stop, code] = std::from_chars(digits.data(), end, value);
  if (stop != end) return false;
  if (code == std::errc::result_out_of_range) {
    // Too small becomes zero; too large is no number. The sign of the exponent tells which.
    const std::size_t exponent = digits.find_first_of("eE");
    if (exponent == std::string_view::npos || exponent + 1 >= digits.size() || digits[exponent + 1] != '-')
      return false;
    value = 0;
  } else if (code != std::errc()) {
    return false;
  }
  if (signed_text && cell.front() == '-') value = -value;
  return std::isfinite(value);
}

/// Whether a word that means a missing value is this number, however a cell writes it: -999, -999.0.
bool is_missing_number(double value, const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    double number = 0;
    return parse_number(trimmed(word), number) && number == value;
  });
}

}  // namespace

bool has_thousands(std::string_view cell, char sign) {
  cell = trimmed(cell);
  if (!cell.empty() && (cell.front() == '+' || cell.front() == '-')) cell.remove_prefix(1);
  const auto digits = [](std::string_view text) {
    return static_cast<std::size_t>(
        std::find_if(text.begin(), text.end(), [](char c) { return c < '0' || c > '9'; }) - text.begin());
  };
  std::size_t group = digits(cell);
  if (group == 0 || group > 3 || cell.front() == '0') return false;
  cell.remove_prefix(group);
  bool any = false;
  while (!cell.empty() && cell.front() == sign) {
    group = digits(cell.substr(1));
    if (group != 3) return false;
    cell.remove_prefix(1 + group);
    any = true;
  }
  return any;
}

CellKind read_cell(std::string_view cell, char decimal, const std::vector<std::string>& more_missing,
                   double& value, char thousands) {
  cell = trimmed(cell);
  if (thousands != '\0' && has_thousands(cell, thousands)) {
    std::string plain(cell);
    plain.erase(std::remove(plain.begin(), plain.end(), thousands), plain.end());
    return read_cell(plain, decimal, more_missing, value);
  }
  if (!more_missing.empty() && is_missing(cell, more_missing)) {  // may name a number, such as -999
    value = std::numeric_limits<double>::quiet_NaN();
    return CellKind::missing;
  }
  bool number = false;
  if (decimal == '.') {
    number = parse_number(cell, value);
  } else if (cell.find('.') == std::string_view::npos) {
    std::string with_point(cell);
    std::replace(with_point.begin(), with_point.end(), decimal, '.');
    number = parse_number(with_point, value);
  }
  if (number && !is_missing_number(value, more_missing)) return CellKind::number;
  if (number) {
    value = std::numeric_limits<double>::quiet_NaN();
    return CellKind::missing;
  }
  value = std::numeric_limits<double>::quiet_NaN();
  return is_missing(cell, {}) ? CellKind::missing : CellKind::text;
}

std::string shown(std::string_view cell) {
  std::string text = "'";
  for (const char c : cell.substr(0, 40))
    text += (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) ? '?' : c;
  text += cell.size() > 40 ? "…'" : "'";
  return text;
}

std::string number_text(double value) {
  if (std::isnan(value)) return {};
  std::array<char, 32> buffer;
  const auto [end, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return code == std::errc() ? std::string(buffer.data(), end) : std::string();
}

}  // namespace rondo::detail
