#include "tasks/report/format.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace rondo {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kMinus = "\xE2\x88\x92";
constexpr std::string_view kDash = "\xE2\x80\x93";

std::string fixed(double value, int decimals) { return detail::print("%.*f", decimals, value); }

std::string with_minus_sign(std::string text) {
  if (!text.empty() && text.front() == '-') text.replace(0, 1, kMinus);
  return text;
}

std::string with_thousands(std::string text) {
  const std::size_t start = text.front() == '-' ? 1 : 0;
  std::size_t end = text.find('.');
  if (end == std::string::npos) end = text.size();
  for (std::size_t at = end; at > start + 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

/// Bytes of the UTF-8 character at the start of `text`; 0 when there is no valid one (overlong forms,
/// surrogates and code points past U+10FFFF included).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const unsigned char second = byte(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool outside = (first == 0xED && second >= 0xA0) || (first == 0xF4 && second >= 0x90);
  return overlong || outside ? 0 : length;
}

std::string_view html_entity(char c) {
  switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return {};
  }
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string safe;
  safe.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const char c = text.front();
    const bool control = length == 1 && ((c >= 0 && c < 0x20 && c != '\n' && c != '\t') || c == 0x7F);
    const std::string_view entity = html_entity(c);
    if (length == 0 || control)
      safe += kReplacement;
    else
      safe += entity.empty() ? text.substr(0, length) : entity;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return safe;
}

std::string escape_json_for_script(std::string_view json) {
  std::string safe;
  safe.reserve(json.size());
  while (!json.empty()) {
    const std::size_t length = utf8_length(json);
    switch (json.front()) {
      case '<': safe += "\\u003c"; break;
      case '>': safe += "\\u003e"; break;
      case '&': safe += "\\u0026"; break;
      default: safe += length == 0 ? kReplacement : json.substr(0, length);
    }
    json.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return safe;
}

std::string format_number(double value) {
  if (std::isnan(value)) return std::string(kDash);
  if (std::isinf(value)) return value > 0 ? "infinite" : std::string(kMinus) + "infinite";
  const double size = std::abs(value);
  if (size == 0) return "0";
  if (size >= 1e9 || size < 1e-4) return with_minus_sign(detail::print("%.3e", value));
  return format_number_beside(value, size);
}

std::string format_number_beside(double value, double largest) {
  if (!std::isfinite(value) || !std::isfinite(largest) || largest >= 1e9 || largest < 1e-4)
    return format_number(value);
  const int decimals = std::clamp(3 - static_cast<int>(std::floor(std::log10(largest))), 0, 7);
  const std::string text = fixed(value, decimals);
  return with_minus_sign(largest >= 9999.5 ? with_thousands(text) : text);
}

std::string format_count(std::size_t count) { return with_thousands(std::to_string(count)); }

std::string format_percent(double share, bool sign) {
  if (!std::isfinite(share)) return std::string(kDash);
  const std::string text = fixed(share * 100, std::abs(share) >= 9.995 ? 0 : 1);
  return (sign && share > 0 ? "+" : "") + with_minus_sign(text) + " %";
}

std::string format_skill(double skill) {
  if (!std::isfinite(skill)) return std::string(kDash);
  return with_minus_sign(fixed(std::abs(skill) < 0.0005 ? 0 : skill, 3));
}

std::string capital(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z')
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  return text;
}

std::string cell_name(std::string cell) {
  if (cell == "simple_rnn") return "SimpleRNN";
  if (cell == "lstm" || cell == "gru" || cell == "mgu")
    for (char& letter : cell) letter = static_cast<char>(letter - 'a' + 'A');
  return cell;
}

std::string format_seconds(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return std::string(kDash);
  if (seconds < 10) return fixed(seconds, 2) + " s";
  if (seconds < 99.95) return fixed(seconds, 1) + " s";
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 3600) return detail::print("%lld min %02lld s", whole / 60, whole % 60);
  return detail::print("%lld h %02lld min", whole / 3600, whole % 3600 / 60);
}

}  // namespace rondo
