#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>

#include "rondo/base/log.h"

namespace rondo {

/// How something that takes long is run, beside what it computes: what it shows, where it saves its state,
/// when it stops. None of it changes results.
struct RunControls {
  /// Progress: 0 nothing, 1 a bar, 2 a line an epoch, -1 a bar on a terminal and lines elsewhere.
  int verbose = -1;
  std::ostream* progress = nullptr;  ///< where progress goes; null: stderr
  Logger log = {};

  /// Called once, when what was asked for has been checked and the work begins: the time to write files that
  /// belong to this run. A command that is refused never comes so far.
  std::function<void()> accepted = {};

  /// Called when a stage begins, with its name: "linear model", "backtest" …
  std::function<void(const char* name)> stage = {};
  /// Begins a stage, unless the run is to stop: then Error(interrupted).
  void begin(const char* name) const;

  /// Called as a stage goes on, by one thread at a time, with the share of its work that is done, 0 to 1.
  std::function<void(double share)> advanced = {};

  /// A file that always holds all that `resume` needs: written after every epoch and when the run is
  /// interrupted; "": none.
  std::string checkpoint = {};
  std::int64_t checkpoint_every = 1;          ///< epochs
  std::int64_t checkpoint_every_batches = 0;  ///< also within an epoch, after so many batches; 0: not
  /// Continues from `checkpoint` where that file exists; the result has the bits of a run without
  /// interruption.
  bool resume = false;
  /// Read after every step; when it becomes true, the checkpoint is written and Error(interrupted) thrown.
  const std::atomic<bool>* stop = nullptr;
  /// Called with true where `stop` is read after every step from now on, with false where that ends, also by
  /// an exception. In between the run holds what a stop would save; at other times nothing is lost when the
  /// process ends.
  std::function<void(bool watches)> watches_stop = {};
};

/// Calls RunControls::watches_stop for as long as it lives.
class StopWatch {
 public:
  explicit StopWatch(const RunControls& controls) : watches_(controls.watches_stop) {
    if (watches_) watches_(true);
  }
  StopWatch(const StopWatch&) = delete;
  StopWatch& operator=(const StopWatch&) = delete;
  ~StopWatch() {
    if (watches_) watches_(false);
  }

 private:
  std::function<void(bool)> watches_;
};

}  // namespace rondo
