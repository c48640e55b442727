#include "tasks/forecast/table/categories.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace rondo::forecasting {

namespace {

constexpr std::size_t kMaxColumns = 24;

bool reads_as_number(std::string_view text) {
  double ignored = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ignored);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

TextCodes::TextCodes(std::vector<std::string> texts) : texts_(std::move(texts)) {
  for (std::size_t code = 0; code < texts_.size(); ++code) place_.emplace(texts_[code], code);
}

std::vector<double> TextCodes::codes(const Column& column) {
  std::vector<double> out;
  out.reserve(static_cast<std::size_t>(column.size()));
  for (std::int64_t row = 0; row < column.size(); ++row) {
    std::string text = column.text(row);
    if (text.empty() && !place_.contains(text)) {
      out.push_back(std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    const auto [found, added] = place_.try_emplace(text, texts_.size());
    if (added) texts_.push_back(std::move(text));
    out.push_back(static_cast<double>(found->second));
  }
  return out;
}

bool holds_texts(const Column& column) {
  if (column.is_number()) return false;
  std::int64_t numbers = 0, empty = 0;
  for (std::int64_t row = 0; row < column.size(); ++row) {
    numbers += reads_as_number(column.texts()[row]) ? 1 : 0;
    empty += column.texts()[row].empty() ? 1 : 0;
  }
  const std::int64_t filled =
      column.size() - std::max(empty, column.missing());  // a reader knows "NA" and the like
  return 2 * numbers < filled || filled == 0;
}

OneHot OneHot::learn(const std::vector<std::int64_t>& counts) {
  OneHot out;
  std::vector<std::size_t> seen;
  for (std::size_t code = 0; code < counts.size(); ++code) {
    out.seen_in_training.push_back(counts[code] > 0);
    if (counts[code] > 0) seen.push_back(code);
  }
  std::stable_sort(seen.begin(), seen.end(),
                   [&](std::size_t a, std::size_t b) { return counts[a] > counts[b]; });
  if (seen.size() == 2) seen.pop_back();
  const bool others = seen.size() > kMaxColumns;
  if (others) seen.resize(kMaxColumns);
  std::sort(seen.begin(), seen.end());
  const auto all = static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
  for (const std::size_t code : seen)
    out.unseen.push_back(others ? 0.0 : static_cast<double>(counts[code]) / all);
  out.chosen = std::move(seen);
  return out;
}

bool OneHot::is_unseen(double code) const {
  if (std::isnan(code)) return false;
  const auto place = static_cast<std::size_t>(code);
  return place >= seen_in_training.size() || !seen_in_training[place];
}

void OneHot::append(double code, std::vector<double>& out) const {
  if (is_unseen(code)) {
    out.insert(out.end(), unseen.begin(), unseen.end());
    return;
  }
  for (const std::size_t one : chosen) out.push_back(code == static_cast<double>(one) ? 1 : 0);
}

}  // namespace rondo::forecasting
