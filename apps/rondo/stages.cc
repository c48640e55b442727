#include "stages.h"

#include <cstdio>
#include <system_error>

#include "rondo/base/progress.h"

namespace rondo::cli {

Stages::Stages(bool shown)
    : shown_(shown), on_terminal_(shown && detect_progress_style() == ProgressStyle::bar) {
  if (!shown) return;
  try {
    clock_ = std::jthread([this](const std::stop_token& stopped) { tell_time(stopped); });
  } catch (const std::system_error&) {
    // Where no thread can be started, the time is told at the end alone.
  }
}

Stages::~Stages() {
  clock_.request_stop();
  if (clock_.joinable()) clock_.join();
  if (on_terminal_ && !name_.empty()) std::fputc('\n', stderr);
}

double Stages::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Stages::tell_time(const std::stop_token& stopped) {
  const auto pause = std::chrono::seconds(on_terminal_ ? 1 : 10);
  std::unique_lock lock(mutex_);
  auto told = std::chrono::steady_clock::now();
  while (!ended_.wait_until(lock, stopped, std::max(told, start_) + pause, [] { return false; })) {
    if (stopped.stop_requested()) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < start_ + pause) continue;  // another stage by now
    told = now;
    if (name_.empty()) continue;
    std::fprintf(stderr, on_terminal_ ? "\r%-20s … %.0f s" : "%-20s … %.0f s\n", name_.c_str(), seconds());
    std::fflush(stderr);
  }
}

void Stages::begin(const std::string& name) {
  const std::lock_guard lock(mutex_);
  end_locked();
  name_ = name;
  start_ = std::chrono::steady_clock::now();
  if (!on_terminal_) return;
  std::fprintf(stderr, "%-20s …", name_.c_str());
  std::fflush(stderr);
}

void Stages::end() {
  const std::lock_guard lock(mutex_);
  end_locked();
}

void Stages::end_locked() {
  if (name_.empty() || !shown_) return;
  std::fprintf(stderr, "%s%-20s %6.1f s\n", on_terminal_ ? "\r" : "", name_.c_str(), seconds());
  name_.clear();
}

}  // namespace rondo::cli
