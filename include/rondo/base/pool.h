#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>

namespace rondo {

/// Worker threads that run the parts of one job and join. A pool is a value handed to whoever computes, never
/// a global. Parts are fixed by the caller, so results cannot depend on the number of threads unless the
/// caller wants that.
///
/// A process that forks may go on using its pools in the child: they start threads of their own there.
class Pool {
 public:
  /// `threads` >= 1 in all, the calling thread included. 0: one per core, or as many as can be started.
  /// Throws Error(usage) for more than `most_threads`, Error(resources) when the system refuses one.
  explicit Pool(std::int64_t threads = 1);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int threads() const noexcept;

  /// Eight for every core, at least 64: more can only be a mistake.
  static std::int64_t most_threads() noexcept;
  /// Error(usage) unless a pool may be asked for so many.
  static void check_threads(std::int64_t threads);

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
  /// That of this process.
  State& state();
  std::atomic<State*> state_;
};

}  // namespace rondo
