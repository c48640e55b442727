#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

namespace rondo::detail {

/// Calls `make` in a thread of its own and holds up to `ahead` results for `next`, in order. An exception of
/// `make` comes out of `next` in its place and ends the stream.
template <class T>
class Prefetcher {
 public:
  Prefetcher(std::function<std::optional<T>()> make, std::size_t ahead)
      : make_(std::move(make)), ahead_(ahead), thread_([this](std::stop_token stop) { run(stop); }) {}
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;
  ~Prefetcher() = default;  // the thread, declared last, is stopped and joined first

  std::optional<T> next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !ready_.empty() || done_; });
    if (ready_.empty()) {
      if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
      return std::nullopt;
    }
    std::optional<T> value(std::move(ready_.front()));
    ready_.pop_front();
    changed_.notify_all();
    return value;
  }

 private:
  void run(const std::stop_token& stop) {
    std::exception_ptr error;
    try {
      while (!stop.stop_requested()) {
        std::optional<T> value = make_();
        if (!value) break;
        std::unique_lock lock(mutex_);
        if (!changed_.wait(lock, stop, [&] { return ready_.size() < ahead_; })) return;
        ready_.push_back(std::move(*value));
        changed_.notify_all();
      }
    } catch (...) {
      error = std::current_exception();
    }
    const std::scoped_lock lock(mutex_);
    error_ = std::move(error);  // the last hold on it passes to the reader
    done_ = true;
    changed_.notify_all();
  }

  std::function<std::optional<T>()> make_;
  std::size_t ahead_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<T> ready_;
  std::exception_ptr error_;
  bool done_ = false;
  std::jthread thread_;
};

}  // namespace rondo::detail
