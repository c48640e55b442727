#pragma once

#include <cstdint>
#include <vector>

#include "rondo/data/leaks.h"

namespace rondo::detail {

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
