#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace rondo::cli {

/// One line a stage on stderr, with the time it took. On a terminal a stage shows as soon as it begins, and
/// its time every second; elsewhere one that takes long says so every ten.
class Stages {
 public:
  explicit Stages(bool shown);
  Stages(const Stages&) = delete;
  Stages& operator=(const Stages&) = delete;
  /// What an error cut off has no time.
  ~Stages();

  void begin(const std::string& name);
  void end();

 private:
  void end_locked();
  void tell_time(const std::stop_token& stopped);
  double seconds() const;

  bool shown_, on_terminal_;
  std::mutex mutex_;  // of what follows
  std::condition_variable_any ended_;
  std::string name_;
  std::chrono::steady_clock::time_point start_;
  std::jthread clock_;
};

}  // namespace rondo::cli
