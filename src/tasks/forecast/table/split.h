#pragma once

#include <cstdint>
#include <string>

namespace rondo::forecasting {

/// A model of all series learns from no series with fewer training rows, whatever window and horizon.
inline constexpr std::int64_t kMinTrainingRows = 12;

/// Rows of the parts of one series: train, then validation, then test; what follows is left out.
struct Parts {
  std::int64_t train = 0, validation = 0, test = 0;
  std::int64_t total() const { return train + validation + test; }
};

/// `text` is "train=N,validation=N,test=N", each in rows or percent ("60%") of `rows`; one of train and
/// test may be left out and is what the others leave. Percentages that add up to 100 leave no row over.
/// Throws Error(usage) when it is not understood. The parts may be more than `rows`, and those of few rows
/// may be empty.
Parts split_rows(const std::string& text, std::int64_t rows);

/// Throws Error(usage) for a text that split_rows does not understand, or that leaves no row for train or
/// test however many there are.
void check_split_text(const std::string& text);

/// Rows that `text` ("last=48", "last=20%", "48", "20%", "none") keeps for the test in a series of `rows`
/// rows. Throws Error(usage) when it is none of these or not positive.
std::int64_t backtest_rows(const std::string& text, std::int64_t rows);
/// The word for no test part.
inline constexpr const char* kNoBacktest = "none";
/// Whether it says a number of rows rather than a share.
bool is_row_count(const std::string& backtest);

}  // namespace rondo::forecasting
