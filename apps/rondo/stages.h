#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "rondo/base/log.h"

namespace rondo::cli {

/// One line a stage on stderr, with the time it took. On a terminal a stage shows as soon as it begins, how
/// far it has come and how long it still takes, or where that is not known its time every second; elsewhere
/// one that takes long says so every ten seconds.
class Stages {
 public:
  explicit Stages(bool shown);
  Stages(const Stages&) = delete;
  Stages& operator=(const Stages&) = delete;
  /// A stage that did not end, because of an error or an interruption, leaves its line to what follows.
  ~Stages();

  void begin(const std::string& name);
  /// The share of the stage that is done, 0 to 1.
  void advance(double share);
  void end();
  /// Writes where `log` does, without running into the line of a stage.
  Logger beside(const Logger& log);

 private:
  using Clock = std::chrono::steady_clock;
  // With the mutex held:
  void show(const std::string& text);
  void end_stage();
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  void tell_time(const std::stop_token& stopped);

  bool shown_, on_terminal_;
  std::mutex mutex_;  // of what follows
  std::condition_variable_any ended_;
  std::string name_;
  std::string line_;  // as it stands on the terminal
  Clock::time_point start_, last_;
  std::jthread clock_;
};

/// "40 s", "3 min", "2 h": how long something still takes, of which `share` took so many seconds; "" where
/// too little is known.
std::string time_left(double seconds, double share);

}  // namespace rondo::cli
