#include "rondo/base/pool.h"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "rondo/base/error.h"

namespace rondo {
namespace {
// A sleeping worker costs some 50 µs to wake, a training step calls the pool several times within that.
constexpr int kSpins = 4000;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

std::int64_t cores() noexcept { return std::max<std::int64_t>(1, std::thread::hardware_concurrency()); }
}  // namespace

struct Pool::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    {
      const std::lock_guard lock(mutex);
      stop.store(true);
    }
    wake.notify_all();
  }

  const pid_t process = ::getpid();
  std::mutex mutex;
  std::condition_variable wake;
  std::atomic<std::uint64_t> generation{0};
  std::atomic<int> next{0}, pending{0};
  std::atomic<bool> stop{false}, busy{false};
  Task task{};
  int parts = 0;
  std::exception_ptr error;
  std::vector<std::jthread> workers;  // last: they are waited for before what they use goes

  void start(std::int64_t threads) {
    workers.reserve(static_cast<std::size_t>(threads - 1));
    for (std::int64_t i = 1; i < threads; ++i) workers.emplace_back([this] { loop(); });
  }

  /// As many as the system gives.
  void start_some(std::int64_t threads) {
    try {
      start(threads);
    } catch (const std::system_error&) {
      return;
    }
  }

  void work() {
    for (int part = next.fetch_add(1); part < parts; part = next.fetch_add(1)) {
      try {
        task(part);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
      }
    }
  }

  void loop() {
    std::uint64_t seen = 0;
    while (true) {
      for (int spin = 0; spin < kSpins && generation.load(std::memory_order_acquire) == seen && !stop.load();
           ++spin) {
        relax();
      }
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return generation.load(std::memory_order_acquire) != seen || stop.load(); });
        if (stop.load()) return;
        seen = generation.load(std::memory_order_acquire);
      }
      work();
      pending.fetch_sub(1, std::memory_order_acq_rel);
    }
  }
};

Pool::Pool(std::int64_t threads) : state_(nullptr) {
  check_threads(threads);
  auto state = std::make_unique<State>();
  if (threads == 0) {
    state->start_some(cores());
  } else {
    try {
      state->start(threads);
    } catch (const std::system_error& error) {
      throw Error(ErrorKind::resources, "the system starts no more threads")
          .seen(std::to_string(state->workers.size() + 1) + " of " + std::to_string(threads) + ": " +
                error.what())
          .fix("ask for fewer threads, or raise the limits on processes and memory (ulimit -u, -v)");
    }
  }
  state_ = state.release();
}

Pool::~Pool() {
  State* state = state_;
  // Of a parent process: its threads are not in this one, and waiting for them would never end.
  if (state->process == ::getpid()) delete state;  // NOLINT(cppcoreguidelines-owning-memory)
}

std::int64_t Pool::most_threads() noexcept { return std::max<std::int64_t>(64, 8 * cores()); }

void Pool::check_threads(std::int64_t threads) {
  if (threads >= 0 && threads <= most_threads()) return;
  throw Error(ErrorKind::usage, "the number of threads is out of range")
      .seen(std::to_string(threads))
      .expected("0 (one for every core) to " + std::to_string(most_threads()) + " on this machine of " +
                std::to_string(cores()) + (cores() == 1 ? " core" : " cores"));
}

int Pool::threads() const noexcept { return static_cast<int>(state_.load()->workers.size()) + 1; }

/// After a fork the memory of the parent's state stays as it is: somebody may have held its lock.
Pool::State& Pool::state() {
  State* known = state_;
  if (known->process == ::getpid()) return *known;
  auto own = std::make_unique<State>();
  own->start_some(threads());
  if (state_.compare_exchange_strong(known, own.get())) return *own.release();
  return *known;  // of another thread of this process, which came first
}

void Pool::run_parts(int parts, Task task) {
  const auto run_here = [&] {
    for (int part = 0; part < parts; ++part) task(part);
  };
  if (parts <= 1 || threads() == 1) return run_here();
  State& s = state();
  bool idle = false;
  if (s.workers.empty() || !s.busy.compare_exchange_strong(idle, true)) return run_here();
  {
    const std::lock_guard lock(s.mutex);
    s.task = task;
    s.parts = parts;
    s.next.store(0);
    s.pending.store(static_cast<int>(s.workers.size()));
    s.error = nullptr;
    s.generation.fetch_add(1, std::memory_order_release);
  }
  s.wake.notify_all();
  s.work();
  while (s.pending.load(std::memory_order_acquire) != 0) relax();
  const std::exception_ptr error = s.error;
  s.busy.store(false);
  if (error) std::rethrow_exception(error);
}

}  // namespace rondo
