#include "rondo/base/log.h"

#include <array>
#include <cstdio>
#include <ostream>

#include "base/text.h"

namespace rondo {
namespace {

constexpr std::array kNames{"debug", "info", "warning", "error", "off"};

std::string line_of(LogLevel level, std::string_view message) {
  return std::string(log_level_name(level)) + ": " + std::string(message) + "\n";
}

}  // namespace

const char* log_level_name(LogLevel level) { return kNames[static_cast<std::size_t>(level)]; }

LogLevel parse_log_level(std::string_view name) {
  const std::size_t place = detail::place_among({kNames.begin(), kNames.end()}, name,
                                                "unknown log level '" + std::string(name) + "'");
  return static_cast<LogLevel>(place);
}

Logger::Logger(LogLevel threshold)
    : Logger(threshold, [](LogLevel level, std::string_view message) {
        const std::string line = line_of(level, message);
        std::fwrite(line.data(), 1, line.size(), stderr);
      }) {}

Logger::Logger(LogLevel threshold, std::ostream& out)
    : Logger(threshold, [&out](LogLevel level, std::string_view message) {
        out << line_of(level, message) << std::flush;
      }) {}

}  // namespace rondo
