#include "tasks/forecast/table/split.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "rondo/base/error.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kMoreRowsThanCanBeNamed = 4000000000000;  // by train, validation and test together

/// "48" or "20%".
struct Amount {
  double number = 0;
  bool share = false;

  std::int64_t of(std::int64_t rows) const {
    return static_cast<std::int64_t>(share ? std::floor(static_cast<double>(rows) * number / 100 + 1e-9)
                                           : number);
  }
};

std::optional<Amount> read_amount(std::string_view text) {
  Amount amount;
  amount.share = text.ends_with('%');
  if (amount.share) text.remove_suffix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount.number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  const bool sensible =
      amount.share ? amount.number >= 0 && amount.number <= 100
                   : amount.number >= 0 && amount.number < 1e12 && amount.number == std::floor(amount.number);
  if (!sensible) return {};
  return amount;
}

[[noreturn]] void throw_split(const std::string& text, const std::string& fix = {}) {
  Error error(ErrorKind::usage, "--split is not understood");
  error.seen(text.empty() ? "nothing" : text)
      .expected("train=8640,validation=2880,test=2880 (rows) or train=60%,validation=20%,test=20%");
  if (!fix.empty()) error.fix(fix);
  throw error;
}

}  // namespace

Parts split_rows(const std::string& text, std::int64_t rows) {
  constexpr std::array<std::string_view, 3> kNames{"train", "validation", "test"};
  std::array<std::optional<Amount>, 3> amounts;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view part = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    const std::size_t equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    if (equals == std::string_view::npos || found == kNames.end()) {
      throw_split(text, detail::did_you_mean(name, {"train", "validation", "test"}));
    }
    std::optional<Amount>& amount = amounts[static_cast<std::size_t>(found - kNames.begin())];
    if (amount) throw_split(text, "say '" + std::string(name) + "' once");
    amount = read_amount(part.substr(equals + 1));
    if (!amount) throw_split(text);
  }
  auto& [train, validation, test] = amounts;
  if (!train && !test) throw_split(text, "say how much is for the test");
  if (!validation) validation = Amount{};
  const bool whole = train && test && train->share && test->share &&
                     (validation->share || validation->number == 0) &&
                     std::abs(train->number + validation->number + test->number - 100) < 1e-9;
  Parts parts;
  parts.validation = validation->of(rows);
  if (train) parts.train = train->of(rows);
  if (test && !whole) parts.test = test->of(rows);
  if (!test || whole) parts.test = std::max<std::int64_t>(0, rows - parts.train - parts.validation);
  if (!train) parts.train = std::max<std::int64_t>(0, rows - parts.validation - parts.test);
  return parts;
}

void check_split_text(const std::string& text) {
  const Parts parts = split_rows(text, kMoreRowsThanCanBeNamed);
  if (parts.train < 1 || parts.test < 1) throw_split(text, "leave rows for train and for test");
}

bool is_row_count(const std::string& backtest) { return !backtest.ends_with('%'); }

std::int64_t backtest_rows(const std::string& text, std::int64_t rows) {
  if (text == kNoBacktest) return 0;
  std::string_view rest = text;
  if (rest.starts_with("last=")) rest.remove_prefix(5);
  const std::optional<Amount> amount = read_amount(rest);
  if (!amount || amount->number <= 0 || (amount->share && amount->number >= 100)) {
    throw Error(ErrorKind::usage, "--backtest is not understood")
        .seen(text)
        .expected("last=48 (rows), last=20% (share of the rows) or none");
  }
  return amount->share ? std::max<std::int64_t>(1, amount->of(rows)) : amount->of(rows);
}

}  // namespace rondo::forecasting
