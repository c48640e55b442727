#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "tasks/check/subject.h"

namespace rondo::checking {

/// Findings of one kind, one a column: many of them become a few and a count.
class Group {
 public:
  /// `fine` is said when there are none, `more` of those that are counted only ("3 more columns with
  /// outliers").
  Group(Findings& out, std::string fine, std::string more)
      : out_(out), fine_(std::move(fine)), more_(std::move(more)) {}
  void add(CheckLevel level, std::string what, std::string where, std::string seen, std::string fix) {
    if (++count_ <= kMaxOfAKind) {
      out_.add(level, std::move(what), std::move(where), std::move(seen), std::move(fix));
    } else {
      worst_ = std::max(worst_, level);
    }
  }
  void close() {
    if (count_ == 0) out_.ok(fine_);
    if (count_ > kMaxOfAKind) {
      out_.add(worst_, count_of(count_ - kMaxOfAKind, "more column") + " " + more_);
    }
  }

 private:
  static constexpr std::int64_t kMaxOfAKind = 8;  ///< findings of one kind that are written out
  Findings& out_;
  std::string fine_, more_;
  std::int64_t count_ = 0;
  CheckLevel worst_ = CheckLevel::ok;
};

}  // namespace rondo::checking
