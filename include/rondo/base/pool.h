#pragma once

#include <memory>
#include <type_traits>

namespace rondo {

/// Worker threads that run the parts of one job and join. A pool is a value handed to whoever computes, never
/// a global. Parts are fixed by the caller, so results cannot depend on the number of threads unless the
/// caller wants that.
class Pool {
 public:
  /// `threads` >= 1 in all, the calling thread included. 0: one per core.
  explicit Pool(int threads = 1);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int threads() const noexcept;

  /// Calls job(part) for part = 0 … parts-1, spread over the threads; returns when all are done. Exceptions
  /// of a job are rethrown here (the first one). Not reentrant: a job called from inside a part runs on that
  /// thread.
  template <class Job>
  void run(int parts, Job&& job) {  // not std::function, which takes memory for what a lambda captures
    using Plain = std::remove_reference_t<Job>;
    run_parts(parts, {const_cast<void*>(static_cast<const void*>(&job)),
                      [](void* owner, int part) { (*static_cast<Plain*>(owner))(part); }});
  }

 private:
  /// Somebody else's function object.
  struct Task {
    void* owner;
    void (*call)(void* owner, int part);
    void operator()(int part) const { call(owner, part); }
  };
  void run_parts(int parts, Task task);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rondo
