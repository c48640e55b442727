#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// How messages, tables and reports say things.

namespace rondo::detail {

/// As printf writes it.
[[gnu::format(printf, 1, 2)]] std::string print(const char* format, ...);

/// "1 row", "3 rows"; "series" stays what it is.
std::string count_of(std::int64_t count, const std::string& thing);

/// "a, b", or with quotes "'a', 'b'".
std::string listed(const std::vector<std::string>& names, const char* quote = "");

/// For Error::fix: "did you mean 'b'?" with the nearest of the names; "" when none is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& names);

/// The place of `name` among `known`; where it is none of them Error(usage) that says `problem`, lists them
/// and suggests the nearest.
std::size_t place_among(const std::vector<std::string>& known, std::string_view name,
                        const std::string& problem);

[[noreturn]] void throw_bad_index(std::int64_t index, std::int64_t size, const char* problem);
/// Error(usage) that says `problem` unless 0 <= index < size.
inline void check_index(std::int64_t index, std::int64_t size, const char* problem) {
  if (index < 0 || index >= size) throw_bad_index(index, size, problem);
}

/// Error(usage) unless the value of an option is at least `least`.
void check_at_least(const char* option, std::int64_t value, std::int64_t least);

}  // namespace rondo::detail
