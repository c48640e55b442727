#include "rondo/base/log.h"

#include <cstdio>
#include <ostream>
#include <vector>

#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/base/json.h"

namespace rondo {
namespace {

std::string line_of(LogLevel level, std::string_view message) {
  return std::string(log_level_name(level)) + ": " + std::string(message) + "\n";
}

}  // namespace

const char* log_level_name(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
    case LogLevel::off: break;
  }
  return "off";
}

LogLevel parse_log_level(std::string_view name) {
  std::vector<std::string> names;
  for (const LogLevel level :
       {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error, LogLevel::off}) {
    if (name == log_level_name(level)) return level;
    names.emplace_back(log_level_name(level));
  }
  throw Error(ErrorKind::usage, "unknown log level '" + std::string(name) + "'")
      .expected("debug, info, warning, error or off")
      .fix(detail::did_you_mean(name, names));
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
