#include "stages.h"

#include <cmath>
#include <cstdio>
#include <string_view>
#include <system_error>

#include "rondo/base/progress.h"

namespace rondo::cli {

namespace {

template <class... Values>
std::string text_of(const char* format, Values... values) {
  char text[128] = {};
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

}  // namespace

std::string time_left(double seconds, double share) {
  constexpr double kLeastSeconds = 1, kLeastShare = 0.02;
  if (seconds < kLeastSeconds || share < kLeastShare || share >= 1) return "";
  const double left = seconds * (1 - share) / share;
  if (left < 90) return text_of("%.0f s", std::ceil(left));
  if (left < 90 * 60) return text_of("%.0f min", left / 60);
  return text_of("%.1f h", left / 3600);
}

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

void Stages::show(const std::string& text) {
  // What was longer before gives way to blanks.
  const std::size_t before = line_.size();
  line_ = text;
  std::fprintf(stderr, "\r%s%s", text.c_str(),
               std::string(before > text.size() ? before - text.size() : 0, ' ').c_str());
  std::fflush(stderr);
}

void Stages::tell_time(const std::stop_token& stopped) {
  const auto pause = std::chrono::seconds(on_terminal_ ? 1 : 10);
  std::unique_lock lock(mutex_);
  while (!ended_.wait_until(lock, stopped, last_ + pause, [] { return false; })) {
    if (stopped.stop_requested()) return;
    if (const Clock::time_point now = Clock::now(); now >= last_ + pause)
      last_ = now;
    else
      continue;  // another stage by now, or one that told how far it is
    if (name_.empty()) continue;
    const std::string text = text_of("%-20s … %.0f s", name_.c_str(), seconds());
    if (on_terminal_)
      show(text);
    else
      std::fprintf(stderr, "%s\n", text.c_str());
  }
}

void Stages::begin(const std::string& name) {
  const std::lock_guard lock(mutex_);
  end_stage();
  name_ = name;
  start_ = last_ = Clock::now();
  if (on_terminal_) show(text_of("%-20s …", name_.c_str()));
}

void Stages::advance(double share) {
  constexpr double kRarely = 0.1;  // seconds
  if (!on_terminal_) return;
  const std::lock_guard lock(mutex_);
  if (name_.empty()) return;
  const Clock::time_point now = Clock::now();
  if (std::chrono::duration<double>(now - last_).count() < kRarely) return;
  last_ = now;
  const std::string left = time_left(seconds(), share);
  show(text_of("%-20s %3.0f %%", name_.c_str(), 100 * share) + (left.empty() ? "" : "  " + left + " left"));
}

void Stages::end() {
  const std::lock_guard lock(mutex_);
  end_stage();
}

void Stages::end_stage() {
  if (name_.empty() || !shown_) return;
  const std::string text = text_of("%-20s %6.1f s", name_.c_str(), seconds());
  if (on_terminal_) show(text);
  std::fprintf(stderr, "%s\n", on_terminal_ ? "" : text.c_str());
  name_.clear();
  line_.clear();
}

Logger Stages::beside(const Logger& log) {
  if (!on_terminal_) return log;
  return Logger(log.threshold(), [this, log](LogLevel level, std::string_view message) {
    const std::lock_guard lock(mutex_);
    const std::string line = line_;
    if (!line.empty()) {
      show("");
      std::fputc('\r', stderr);
    }
    log.log(level, message);
    if (!line.empty()) show(line);
  });
}

}  // namespace rondo::cli
