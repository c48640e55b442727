#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/tasks/report.h"

namespace rondo {

/// Texts of times. Series of a panel often share them: a list that several have is kept once, whole, and
/// named by its number; row numbers say which of it are meant. Plain counting ("1", "2", …) needs no list at
/// all.
class TimeTexts {
 public:
  /// `shared` false: every series has its own texts, row by row.
  TimeTexts(const std::vector<ReportSeries>& series, bool shared);

  /// The texts of `rows`: an array, {"list": number} or {"from": number of row 0}.
  nlohmann::json operator()(const std::vector<std::string>& times, std::span<const std::size_t> rows);
  const nlohmann::json& lists() const { return lists_; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t list_of(const std::vector<std::string>& times);

  std::map<std::string, std::size_t> users_, known_;
  nlohmann::json lists_ = nlohmann::json::array();
  std::size_t bytes_ = 0;
};

}  // namespace rondo
