#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/tasks/forecast.h"
#include "tasks/forecast/report/drawn_series.h"

namespace rondo::forecasting {

/// Texts of times. Series of a panel often share them: a list that several have is kept once, whole, and
/// named by its number; row numbers say which of it are meant. Plain counting ("1", "2", …) needs no list at
/// all.
class TimeTexts {
 public:
  /// `shared` false: every series has its own texts, row by row.
  TimeTexts(const std::vector<ForecastSeries>& series, bool shared);

  /// The texts of `rows`: an array, {"list": number} or {"from": number of row 0}.
  Json operator()(const TimeRows& times, std::span<const std::size_t> rows);
  const Json& lists() const { return lists_; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::int64_t list_of(const TimeRows& times);

  std::map<std::string, std::size_t> users_;
  std::map<std::string, std::int64_t> known_;
  Json lists_ = Json::array();
  std::size_t bytes_ = 0;
};

}  // namespace rondo::forecasting
