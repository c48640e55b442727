#include "data/leaks/leak_probe.h"

#include <bit>
#include <cmath>
#include <cstdint>

#include "rondo/base/error.h"

namespace rondo::detail {

bool same_bits(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) ||
         std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

void check_sizes(const LeakTrace& trace) {
  if (trace.values.size() == trace.last_known.size() * trace.columns.size()) return;
  throw Error(ErrorKind::usage, "a trace's sizes do not fit together")
      .where("find_leaks")
      .seen(std::to_string(trace.values.size()) + " values, " + std::to_string(trace.last_known.size()) +
            " rows, " + std::to_string(trace.columns.size()) + " columns")
      .expected("rows x columns values");
}

std::vector<std::size_t> rows_before(const LeakTrace& trace, std::int64_t cut) {
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < trace.last_known.size(); ++i) {
    if (trace.last_known[i] < cut) rows.push_back(i);
  }
  return rows;
}

namespace {

/// Writes down how two lists of numbers differ; false when they do not.
template <class Before, class After>
bool compare(std::int64_t count, Before&& before, After&& after, Leak& leak) {
  leak.compared = count;
  for (std::int64_t i = 0; i < count; ++i) {
    if (same_bits(before(i), after(i))) continue;
    if (leak.moved++ == 0) {
      leak.row = i;
      leak.before = before(i);
      leak.after = after(i);
    }
  }
  return leak.moved > 0;
}

Leak shape_leak(const std::string& output, std::size_t before, std::size_t after) {
  Leak leak;
  leak.kind = LeakKind::shape;
  leak.output = output;
  leak.compared = leak.moved = static_cast<std::int64_t>(before);
  leak.before = static_cast<double>(before);
  leak.after = static_cast<double>(after);
  return leak;
}

}  // namespace

std::vector<Leak> compare_rows(const LeakTrace& base, const LeakTrace& other, std::int64_t cut) {
  const std::vector<std::size_t> a = rows_before(base, cut), b = rows_before(other, cut);
  if (base.columns != other.columns) {
    return {shape_leak("columns", base.columns.size(), other.columns.size())};
  }
  if (a.size() != b.size()) return {shape_leak("rows", a.size(), b.size())};
  std::vector<Leak> leaks;
  const std::size_t width = base.columns.size();
  for (std::size_t c = 0; c < width; ++c) {
    Leak leak;
    leak.output = base.columns[c];
    const bool moved = compare(
        static_cast<std::int64_t>(a.size()),
        [&](std::int64_t i) { return base.values[a[static_cast<std::size_t>(i)] * width + c]; },
        [&](std::int64_t i) { return other.values[b[static_cast<std::size_t>(i)] * width + c]; }, leak);
    if (!moved) continue;
    leak.row = static_cast<std::int64_t>(a[static_cast<std::size_t>(leak.row)]);
    leaks.push_back(std::move(leak));
  }
  return leaks;
}

std::vector<Leak> compare_fitted(const LeakTrace& base, const LeakTrace& other) {
  std::vector<Leak> leaks;
  for (std::size_t k = 0; k < base.fitted.size(); ++k) {
    const LeakTrace::Fitted& before = base.fitted[k];
    const std::vector<double> none;
    const std::vector<double>& after = k < other.fitted.size() ? other.fitted[k].values : none;
    Leak leak;
    if (before.values.size() != after.size()) {
      leak = shape_leak(before.name, before.values.size(), after.size());
    } else if (!compare(
                   static_cast<std::int64_t>(after.size()),
                   [&](std::int64_t i) { return before.values[static_cast<std::size_t>(i)]; },
                   [&](std::int64_t i) { return after[static_cast<std::size_t>(i)]; }, leak)) {
      continue;
    }
    leak.output = before.name;
    leak.fitted = true;
    leaks.push_back(std::move(leak));
  }
  return leaks;
}

}  // namespace rondo::detail
