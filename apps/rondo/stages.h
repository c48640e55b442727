#pragma once

#include <chrono>
#include <string>

namespace rondo::cli {

/// One line a stage on stderr, with the time it took. On a terminal a stage shows as soon as it begins.
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
  bool shown_, on_terminal_;
  std::string name_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace rondo::cli
