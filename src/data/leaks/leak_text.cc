// What a leak is in words.

#include "base/text.h"
#include "data/table/cell_text.h"
#include "rondo/data/leaks.h"

namespace rondo {

namespace {}  // namespace

std::string Leak::what() const {
  std::string name = "'" + output + "'";
  const std::string ahead =
      reach > 0 ? "up to " + detail::count_of(reach, "row") + " ahead" : "up to the end of the table";
  const std::string share = std::to_string(moved) + " of " + std::to_string(compared) + " values";
  switch (kind) {
    case LeakKind::everything:
      return name +
             (fitted ? " was fitted from rows after the training part"
                     : " moves as a whole (" + share + ")") +
             ": something is fitted on all rows";
    case LeakKind::look_ahead: return name + " looks " + ahead + ": " + share + " move";
    case LeakKind::imputation: return name + " fills missing values from the future (" + share + ")";
    case LeakKind::samples:
      return name + " holds rows of the test part (" + share +
             " move): the split is shuffled, or cut elsewhere";
    case LeakKind::overlap:
      return name + " reaches " + detail::count_of(reach, "row") + " over the end of the training part";
    case LeakKind::shape:
      return name + " changes its size with rows that it must not know (" +
             std::to_string(static_cast<std::int64_t>(before)) + ", then " +
             std::to_string(static_cast<std::int64_t>(after)) + ")";
  }
  return name;
}

std::string Leak::fix() const {
  switch (kind) {
    case LeakKind::everything:
      return "fit scalers, imputers and smoothers on the training part (or on the rows up to each row) and "
             "apply them to the rest";
    case LeakKind::look_ahead:
      return "use trailing windows (the last rows up to this one) and lags >= 0; a shift towards the future "
             "is the target, not a feature";
    case LeakKind::imputation:
      return "fill with the last value before (missing = previous), with a mask, or with a mean of the "
             "training part; lines between neighbours and backward filling know the future";
    case LeakKind::samples:
      return "split by time: the first rows train, the last rows test; shuffle afterwards";
    case LeakKind::overlap:
      return "leave out training windows whose targets lie behind the border, or put a gap of their length "
             "between the parts";
    case LeakKind::shape:
      return "choose rows, columns and numbers of samples by what is known before the cut-off only";
  }
  return "";
}

std::string LeakReport::text() const {
  std::string text;
  for (const Leak& leak : leaks) {
    text += leak.what() + "\n  where:    from row " + std::to_string(leak.cut) + " on: " + leak.change +
            "; first in " + (leak.fitted ? "value " : "row ") + std::to_string(leak.row) +
            "\n  seen:     " + detail::number_text(leak.before) + " became " +
            detail::number_text(leak.after) + "\n  fix:      " + leak.fix() + "\n";
  }
  for (const std::string& refused : not_tried) text += "not tried: " + refused + "\n";
  if (leaks.empty()) {
    text += "nothing before " + detail::count_of(static_cast<std::int64_t>(cuts.size()), "cut-off") +
            " moved in " + std::to_string(runs) + " runs\n";
  }
  return text;
}

}  // namespace rondo
