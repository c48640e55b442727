#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rondo/data/leaks.h"
#include "rondo/data/table.h"
#include "rondo/data/timeline.h"

namespace rondo::detail {

/// When every row of a table is, counted in moments (see LeakTrace).
struct Moments {
  std::vector<std::int64_t> of_row;
  std::int64_t count = 0;

  /// Throws what read_times throws.
  Moments(const Table& table, const std::string& time, const TimeOptions& options);
};

/// What is done to the rows from a moment on.
enum class Change { other, extreme, missing, removed };
const char* change_name(Change change);

/// The table with every cell from moment `first` on changed, but for the columns `keep`. `other` depends on
/// seed, row and column only, so that changes that start at different moments agree where they overlap.
Table changed(const Table& table, const Moments& moments, std::int64_t first, Change change,
              const std::vector<std::string>& keep, std::uint64_t seed);

/// The table with the numbers of moments first … end - 1 missing, but for the columns `keep`.
Table with_missing(const Table& table, const Moments& moments, std::int64_t first, std::int64_t end,
                   const std::vector<std::string>& keep);

/// Bit by bit, but all NaN are equal.
bool same_bits(double a, double b);

/// Throws Error(usage) when the sizes of a trace do not fit together.
void check_sizes(const LeakTrace& trace);

/// Places of the rows of a trace that may know moments before `cut` only.
std::vector<std::size_t> rows_before(const LeakTrace& trace, std::int64_t cut);

/// One leak for every column in which those rows differ; kind `shape` where there are more or fewer of them.
std::vector<Leak> compare_rows(const LeakTrace& base, const LeakTrace& other, std::int64_t cut);

/// The same for what was fitted.
std::vector<Leak> compare_fitted(const LeakTrace& base, const LeakTrace& other);

}  // namespace rondo::detail
