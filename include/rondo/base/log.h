#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

namespace rondo {

enum class LogLevel { debug, info, warning, error, off };

const char* log_level_name(LogLevel level);
/// "debug", "info", "warning", "error" or "off"; anything else throws Error(usage).
LogLevel parse_log_level(std::string_view name);

/// Where messages go: a value that is passed to what may have something to say. There is no logger for the
/// whole process. The default writes warnings and errors to stderr; a host program gives its own sink
/// instead. Copies share the sink; a sink that several threads call must be safe for that (the ones made here
/// are: one line, one write).
class Logger {
 public:
  using Sink = std::function<void(LogLevel, std::string_view message)>;

  Logger() : Logger(LogLevel::warning) {}
  /// To stderr, as "warning: …".
  explicit Logger(LogLevel threshold);
  Logger(LogLevel threshold, Sink sink) : threshold_(threshold), sink_(std::move(sink)) {}
  /// To a stream, which must outlive the logger.
  Logger(LogLevel threshold, std::ostream& out);
  static Logger silent() { return Logger(LogLevel::off, Sink()); }

  LogLevel threshold() const { return threshold_; }
  bool wants(LogLevel level) const { return level >= threshold_ && level != LogLevel::off && sink_; }
  void log(LogLevel level, std::string_view message) const {
    if (wants(level)) sink_(level, message);
  }
  void debug(std::string_view message) const { log(LogLevel::debug, message); }
  void info(std::string_view message) const { log(LogLevel::info, message); }
  void warning(std::string_view message) const { log(LogLevel::warning, message); }
  void error(std::string_view message) const { log(LogLevel::error, message); }

 private:
  LogLevel threshold_;
  Sink sink_;
};

}  // namespace rondo
