#include "rondo/base/pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

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
}  // namespace

struct Pool::State {
  std::vector<std::jthread> workers;
  std::mutex mutex;
  std::condition_variable wake;
  std::atomic<std::uint64_t> generation{0};
  std::atomic<int> next{0}, pending{0};
  std::atomic<bool> stop{false}, busy{false};
  Task task{};
  int parts = 0;
  std::exception_ptr error;

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

Pool::Pool(int threads) : state_(std::make_unique<State>()) {
  if (threads <= 0) threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  for (int i = 1; i < threads; ++i) state_->workers.emplace_back([state = state_.get()] { state->loop(); });
}

Pool::~Pool() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop.store(true);
  }
  state_->wake.notify_all();
}

int Pool::threads() const noexcept { return static_cast<int>(state_->workers.size()) + 1; }

void Pool::run_parts(int parts, Task task) {
  State& s = *state_;
  bool idle = false;
  if (parts <= 1 || s.workers.empty() || !s.busy.compare_exchange_strong(idle, true)) {
    for (int part = 0; part < parts; ++part) task(part);
    return;
  }
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
