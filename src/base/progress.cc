#include "rondo/base/progress.h"

#include <unistd.h>
#include <chrono>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ostream>
#include <string_view>

#include "base/text.h"

namespace rondo {
namespace {

constexpr std::int64_t kBarWidth = 20;

std::string repeat(std::string_view piece, std::int64_t times) {
  std::string out;
  for (std::int64_t i = 0; i < times; ++i) out += piece;
  return out;
}

/// 7s, 2:05, 1:02:05.
std::string format_duration(double seconds) {
  const auto whole = static_cast<long long>(std::clamp(seconds, 0.0, 1e9));
  if (whole >= 3600) return detail::print("%lld:%02lld:%02lld", whole / 3600, whole % 3600 / 60, whole % 60);
  if (whole >= 60) return detail::print("%lld:%02lld", whole / 60, whole % 60);
  return detail::print("%llds", whole);
}

std::string bar(const ProgressState& state, bool colour) {
  const std::int64_t target = std::max<std::int64_t>(1, *state.target);
  const std::int64_t done = std::clamp<std::int64_t>(state.done, 0, target);
  const auto filled = static_cast<std::int64_t>(static_cast<double>(kBarWidth) * static_cast<double>(done) /
                                                static_cast<double>(target));
  const std::string full = repeat("━", filled), rest = repeat(colour ? "━" : "─", kBarWidth - filled);
  if (!colour) return full + rest;
  return "\033[32m" + full + "\033[37m" + rest + "\033[0m";
}

/// Columns on the screen; every multi-byte character here is one column wide.
std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  bool escape = false;
  for (const char c : text) {
    if (c == '\033') escape = true;
    if (!escape && (static_cast<unsigned char>(c) & 0xC0) != 0x80) ++width;
    if (escape && c == 'm') escape = false;
  }
  return width;
}

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

std::string format_metric(double value) {
  return std::abs(value) > 1e-3 || value == 0 || !std::isfinite(value) ? detail::print("%.4f", value)
                                                                       : detail::print("%.4e", value);
}

std::string format_step_time(double seconds) {
  if (seconds >= 1 || seconds == 0) return detail::print("%.0fs/step", seconds);
  if (seconds >= 1e-3) return detail::print("%.0fms/step", seconds * 1e3);
  return detail::print("%.0fus/step", seconds * 1e6);
}

std::string format_progress(const ProgressState& state, bool colour) {
  const double per_step = state.done > 0 ? state.seconds / static_cast<double>(state.done) : 0.0;
  std::string out;
  if (state.target) {
    const std::string target = std::to_string(*state.target);
    std::string done = std::to_string(state.done);
    if (done.size() < target.size()) done.insert(0, target.size() - done.size(), ' ');
    out = colour ? "\033[1m" + done + "/" + target + "\033[0m " : done + "/" + target + " ";
    out += bar(state, colour) + " ";
    const double left = per_step * static_cast<double>(std::max<std::int64_t>(0, *state.target - state.done));
    out += format_duration(state.finished ? state.seconds : left);
  } else {
    out = std::to_string(state.done) + "/Unknown " + format_duration(state.seconds);
  }
  out += " " + format_step_time(per_step);
  for (const auto& [name, value] : state.values) out += " - " + name + ": " + format_metric(value);
  return out;
}

ProgressStyle detect_progress_style(int file_descriptor) {
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal != nullptr && std::string_view(terminal) == "dumb";
  return ::isatty(file_descriptor) != 0 && !dumb ? ProgressStyle::bar : ProgressStyle::lines;
}

bool colour_wanted() {
  const char* no_colour = std::getenv("NO_COLOR");  // set and not empty means no: no-color.org
  const char* terminal = std::getenv("TERM");
  return (no_colour == nullptr || *no_colour == '\0') &&
         (terminal == nullptr || std::string_view(terminal) != "dumb");
}

ProgressPrinter::ProgressPrinter(std::ostream& out, ProgressStyle style, bool colour, Clock clock)
    : out_(&out), style_(style), colour_(colour), clock_(clock ? std::move(clock) : Clock(steady_seconds)) {}

std::string ProgressPrinter::epoch_label() const {
  return "Epoch " + std::to_string(epoch_ + 1) + (epochs_ > 0 ? "/" + std::to_string(epochs_) : "");
}

void ProgressPrinter::begin_epoch(std::int64_t epoch, std::int64_t epochs, std::int64_t steps) {
  epoch_ = epoch;
  epochs_ = epochs;
  steps_ = steps > 0 ? std::optional(steps) : std::nullopt;
  start_ = clock_();
  last_drawn_ = start_ - 1;
  last_width_ = 0;
  if (style_ == ProgressStyle::bar) *out_ << epoch_label() << '\n' << std::flush;
}

void ProgressPrinter::step(std::int64_t done, const NamedValues& values) {
  if (style_ != ProgressStyle::bar) return;
  constexpr double kSecondsBetweenDrawings = 0.05;
  const double now = clock_();
  if (now - last_drawn_ < kSecondsBetweenDrawings) return;
  last_drawn_ = now;
  const std::string line = format_progress({done, steps_, now - start_, values, false}, colour_);
  const std::size_t width = display_width(line);
  *out_ << '\r' << line << repeat(" ", static_cast<std::int64_t>(std::max(width, last_width_) - width))
        << std::flush;
  last_width_ = width;
}

void ProgressPrinter::end_epoch(std::int64_t done, const NamedValues& values) {
  if (style_ == ProgressStyle::none) return;
  const ProgressState state{done, steps_, clock_() - start_, values, true};
  if (style_ == ProgressStyle::bar) {
    const std::string line = format_progress(state, colour_);
    const std::size_t width = display_width(line);
    *out_ << '\r' << line << repeat(" ", static_cast<std::int64_t>(std::max(width, last_width_) - width))
          << '\n';
  } else {
    const double per_step = done > 0 ? state.seconds / static_cast<double>(done) : 0.0;
    *out_ << epoch_label() << " - " << format_duration(state.seconds) << " - " << format_step_time(per_step);
    for (const auto& [name, value] : values) *out_ << " - " << name << ": " << format_metric(value);
    *out_ << '\n';
  }
  *out_ << std::flush;
}

}  // namespace rondo
