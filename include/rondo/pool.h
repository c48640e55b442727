#pragma once

#include <functional>
#include <memory>

namespace rondo {

/// Worker threads that run the parts of one job and join. A pool is a value handed to whoever computes, never a global.
/// Parts are fixed by the caller, so results cannot depend on the number of threads unless the caller wants that.
class Pool {
 public:
  /// `threads` >= 1 in all, the calling thread included. 0: one per core.
  explicit Pool(int threads = 1);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int threads() const noexcept;

  /// Calls job(part) for part = 0 … parts-1, spread over the threads; returns when all are done. Exceptions of a job
  /// are rethrown here (the first one). Not reentrant: a job called from inside a part runs on that thread.
  void run(int parts, const std::function<void(int)>& job);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rondo
