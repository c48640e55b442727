#include "stages.h"

#include <cstdio>

#include "rondo/base/progress.h"

namespace rondo::cli {

Stages::Stages(bool shown)
    : shown_(shown), on_terminal_(shown && detect_progress_style() == ProgressStyle::bar) {}

Stages::~Stages() {
  if (on_terminal_ && !name_.empty()) std::fputc('\n', stderr);
}

void Stages::begin(const std::string& name) {
  end();
  name_ = name;
  start_ = std::chrono::steady_clock::now();
  if (!on_terminal_) return;
  std::fprintf(stderr, "%-20s …", name_.c_str());
  std::fflush(stderr);
}

void Stages::end() {
  if (name_.empty() || !shown_) return;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  std::fprintf(stderr, "%s%-20s %6.1f s\n", on_terminal_ ? "\r" : "", name_.c_str(), seconds);
  name_.clear();
}

}  // namespace rondo::cli
