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
  void begin(const char* name) const {
    if (stage) stage(name);
  }

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
};

}  // namespace rondo
