#include "data/time/time_cell.h"

#include <cctype>

namespace rondo::detail {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads a text from left to right.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool done() const { return at_ == text_.size(); }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  void skip(std::size_t count = 1) { at_ += count; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  std::string_view rest() const { return text_.substr(at_); }

  /// A run of at most `most` digits; false when there is none.
  bool number(int& value, int& digits, int most) {
    value = digits = 0;
    while (is_digit(peek()) && digits < most) {
      value = value * 10 + (peek() - '0');
      ++digits;
      ++at_;
    }
    return digits > 0 && !is_digit(peek());
  }

  std::string blanks() {
    std::string seen;
    while (peek() == ' ') {
      seen += ' ';
      ++at_;
    }
    return seen;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

bool read_quarter(Cursor& cursor, TimeCell& cell) {
  std::string mark;
  while (cursor.peek() == '-' || cursor.peek() == ' ' || cursor.peek() == '/') {
    mark += cursor.peek();
    cursor.skip();
  }
  if (cursor.peek() != 'Q' && cursor.peek() != 'q') return false;
  cell.separator = mark + cursor.peek();
  cursor.skip();
  cell.quarter = true;
  cell.parts = 2;
  return cursor.number(cell.value[1], cell.digits[1], 1) && cell.value[1] >= 1 && cell.value[1] <= 4 &&
         cursor.done();
}

bool read_date(Cursor& cursor, TimeCell& cell) {
  const std::string_view rest = cursor.rest();
  std::size_t digits = 0;
  while (digits < rest.size() && is_digit(rest[digits])) ++digits;
  if (digits == 8) {
    int date = 0, count = 0;
    cursor.number(date, count, 8);
    cell.compact = true;
    cell.parts = 3;
    cell.value = {date / 10000, date / 100 % 100, date % 100};
    cell.digits = {4, 2, 2};
    return true;
  }
  if (!cursor.number(cell.value[0], cell.digits[0], 4)) return false;
  if (rest.find_first_of("Qq") != std::string_view::npos && cell.digits[0] == 4)
    return read_quarter(cursor, cell);
  const char separator = cursor.peek();
  if (separator != '-' && separator != '/' && separator != '.') return false;
  cell.separator = std::string(1, separator);
  cell.parts = 1;
  while (cell.parts < 3 && cursor.take(separator)) {
    const auto part = static_cast<std::size_t>(cell.parts);
    if (!cursor.number(cell.value[part], cell.digits[part], 4)) return false;
    ++cell.parts;
  }
  return cell.parts >= 2;
}

bool read_half_day(Cursor& cursor, TimeCell& cell) {
  std::size_t ahead = 0;
  while (cursor.peek(ahead) == ' ') ++ahead;
  const char half = static_cast<char>(std::toupper(static_cast<unsigned char>(cursor.peek(ahead))));
  const char m = static_cast<char>(std::toupper(static_cast<unsigned char>(cursor.peek(ahead + 1))));
  if ((half != 'A' && half != 'P') || m != 'M') return true;
  cursor.skip(ahead + 2);
  cell.twelve_hours = true;
  if (cell.hour < 1 || cell.hour > 12) return false;
  cell.hour = cell.hour % 12 + (half == 'P' ? 12 : 0);
  return true;
}

bool read_time_of_day(Cursor& cursor, TimeCell& cell) {
  if (cursor.peek() == 'T' || cursor.peek() == 't') {
    cell.time_separator = std::string(1, cursor.peek());
    cursor.skip();
  } else {
    cell.time_separator = cursor.blanks();
    if (cell.time_separator.empty()) return false;
  }
  int digits = 0;
  cell.has_time = true;
  if (!cursor.number(cell.hour, cell.hour_digits, 2) || !cursor.take(':')) return false;
  if (!cursor.number(cell.minute, digits, 2) || digits != 2) return false;
  if (cursor.take(':')) {
    cell.has_seconds = true;
    if (!cursor.number(cell.second, digits, 2) || digits != 2) return false;
    if ((cursor.peek() == '.' || cursor.peek() == ',') && is_digit(cursor.peek(1))) {
      cursor.skip();
      int scale = 100'000;
      for (; is_digit(cursor.peek()); cursor.skip()) {
        cell.microsecond += (cursor.peek() - '0') * scale;
        scale /= 10;  // digits beyond the sixth count nothing
        if (cell.decimals < 6) ++cell.decimals;
      }
    }
  }
  if (!read_half_day(cursor, cell)) return false;
  return cell.hour < 24 && cell.minute < 60 && cell.second < 60;
}

bool read_offset(Cursor& cursor, TimeCell& cell) {
  const int sign = cursor.peek() == '-' ? -1 : 1;
  cursor.skip();
  int hours = 0, minutes = 0, digits = 0;
  if (!cursor.number(hours, digits, 4)) return false;
  if (digits == 4) {
    minutes = hours % 100;
    hours /= 100;
    cell.zone = TimeFormat::Zone::offset_without_colon;
  } else if (digits != 2) {
    return false;
  } else if (cursor.take(':')) {
    if (!cursor.number(minutes, digits, 2) || digits != 2) return false;
    cell.zone = TimeFormat::Zone::offset;
  } else {
    cell.zone = TimeFormat::Zone::offset_hours;
  }
  cell.offset = sign * (hours * 3600 + minutes * 60);
  return hours <= 18 && minutes < 60;
}

bool read_zone(Cursor& cursor, TimeCell& cell) {
  cell.zone_separator = cursor.blanks();
  if (cursor.done()) return cell.zone_separator.empty();
  if ((cursor.peek() == 'Z' || cursor.peek() == 'z') && cursor.rest().size() == 1) {
    cursor.skip();
    cell.zone = TimeFormat::Zone::z;
    return true;
  }
  if (cursor.peek() == '+' || cursor.peek() == '-') return read_offset(cursor, cell) && cursor.done();
  std::string_view name = cursor.rest();
  cell.zone = TimeFormat::Zone::name;
  if (name.size() > 2 && name.front() == '[' && name.back() == ']') {
    cell.zone = TimeFormat::Zone::bracketed_name;
    name = name.substr(1, name.size() - 2);
  }
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '/' && c != '_' && c != '-' && c != '+')
      return false;
  }
  if (std::isalpha(static_cast<unsigned char>(name.front())) == 0) return false;
  cell.zone_name = std::string(name);
  return true;
}

}  // namespace

bool read_time_cell(std::string_view text, TimeCell& cell) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (text.size() > 80) return false;
  cell = TimeCell{};
  Cursor cursor(text);
  if (!read_date(cursor, cell)) return false;
  if (cursor.done()) return true;
  return cell.parts == 3 && read_time_of_day(cursor, cell) && read_zone(cursor, cell);
}

}  // namespace rondo::detail
