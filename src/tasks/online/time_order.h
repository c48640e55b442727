#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rondo::online {

/// Whether the times of a stream go forward. Every pair of neighbours is compared; nothing else is kept.
class TimeOrder {
 public:
  enum class Step { first, forward, same };

  /// The next time. Throws Error(data) when it is none, or lies before the last one; `where` is for the
  /// message.
  Step add(std::string_view text, const std::string& source, std::int64_t line);
  const std::string& last() const { return last_; }
  /// As if `text` had been the last one.
  void restore(std::string text) { last_ = std::move(text); }

 private:
  std::string last_;
};

}  // namespace rondo::online
