#pragma once

#include <atomic>
#include <memory>
#include <string>

namespace rondo::detail {

/// Bytes of a text that may still be growing: a file (plain or gzip), the standard input or a pipe. What is
/// there is given at once; nobody waits for a block to fill.
class StreamBytes {
 public:
  /// "-" is the standard input. `stop` (may be null): ends a wait for more bytes. Throws Error(data) when the
  /// file cannot be opened.
  explicit StreamBytes(const std::string& path, const std::atomic<bool>* stop = nullptr);
  ~StreamBytes();

  /// Appends what is there, at least one byte, to `to`. False at the end, or when `stop` became true while
  /// waiting. Throws Error(data) for what is no text.
  bool append(std::string& to);
  /// For messages.
  const std::string& name() const;
  /// Somebody may be waiting for answers at the other end: it is no ordinary file.
  bool live() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rondo::detail
