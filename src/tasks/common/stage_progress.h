#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>

namespace rondo::tasks {

/// RunControls::advanced: called with the share of a stage that is done.
using Advanced = std::function<void(double share)>;

/// Counts the parts of a stage that are done, from any thread. They are the work of the stage between the
/// shares `from` and `to`.
class StageProgress {
 public:
  StageProgress(const Advanced& advanced, std::int64_t parts, double from = 0, double to = 1)
      : advanced_(advanced), parts_(parts), from_(from), to_(to) {}

  void done_one() {
    const std::int64_t done = ++done_;
    if (!advanced_) return;
    const std::unique_lock lock(calling_, std::try_to_lock);  // nobody waits for a progress bar
    if (lock) advanced_(from_ + (to_ - from_) * static_cast<double>(done) / static_cast<double>(parts_));
  }

 private:
  const Advanced& advanced_;
  std::int64_t parts_;
  double from_, to_;
  std::atomic<std::int64_t> done_ = 0;
  std::mutex calling_;
};

}  // namespace rondo::tasks
