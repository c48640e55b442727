#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace rondo::detail {

/// The clock of a zone: the system's database behind Howard Hinnant's date library, apart from UTC, which
/// needs none.
class ZoneClock {
 public:
  /// Throws Error(usage) when there is no zone of that name, Error(resources) when the machine has no
  /// database.
  explicit ZoneClock(const std::string& name);
  ~ZoneClock();

  bool is_utc() const { return zone_ == nullptr; }
  /// Seconds east of UTC at a moment (microseconds since 1970 UTC).
  std::int64_t offset(std::int64_t tick);

  struct Local {
    bool exists = true;
    std::int64_t tick = 0;  ///< the first moment that the clock shows that; if none, as if it had not jumped
    std::optional<std::int64_t> second;  ///< the other, when the hour occurs twice
  };
  /// The moment at which the clock shows `wall`.
  Local resolve(std::int64_t wall) const;

 private:
  struct Zone;
  std::unique_ptr<Zone> zone_;
  std::int64_t begin_ = 0, end_ = 0, offset_ = 0;  // the last answer holds from begin_ to end_ (seconds)
};

}  // namespace rondo::detail
