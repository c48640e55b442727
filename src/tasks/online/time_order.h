#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rondo/base/error.h"
#include "tasks/common/archive.h"

namespace rondo::online {

/// Whether the times of a stream go forward. Every pair of neighbours is compared; nothing else is kept.
class TimeOrder {
 public:
  enum class Step { first, forward, same, late };

  /// The zone of times that name none. Throws Error(usage) when there is no such zone.
  explicit TimeOrder(std::string zone = "UTC");
  /// The next time; one that lies before the last one is late and changes nothing. Throws Error(data) when it
  /// is no time; source and line are for the message.
  Step add(std::string_view text, const std::string& source, std::int64_t line);
  /// The Error(data) for a time that is late.
  Error late(std::string_view text, const std::string& source, std::int64_t line) const;
  void archive(tasks::Archive& archive);

 private:
  int compare(std::string_view text, bool& repeated) const;

  std::string zone_, last_;
  bool repeated_ = false;  // last_ is in the hour that the clock shows twice, for the second time
};

}  // namespace rondo::online
