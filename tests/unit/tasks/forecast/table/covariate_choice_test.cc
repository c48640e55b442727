// Of very many covariates those are used that go best with the next step of the target; the others cost
// nothing.

#include "tasks/forecast/table/covariate_choice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "rondo/base/random.h"
#include "rondo/data/csv.h"
#include "tasks/forecast/prepare.h"

namespace rondo::forecasting::choice_of_covariates {
namespace {

constexpr int kRows = 300, kColumns = 150;
constexpr int kWord = 90, kBefore = 17, kChange = 120;  // columns that tell of the next step, in three ways

double noise(int row, int column) {
  return RandomStream(7).normal(static_cast<std::uint64_t>(row * 1000 + column));
}

/// A target whose steps follow three of the columns one row later; `end`: rows from there on say something
/// else.
std::string table_text(int end = kRows) {
  std::string text = "t,y";
  for (int c = 0; c < kColumns; ++c) text += ",c" + std::to_string(c);
  text += "\n";
  double y = 0;
  for (int row = 0; row < kRows; ++row) {
    const auto word_of = [](int r) { return noise(r, kWord) > 0 ? 1 : -1; };
    if (row > 1)
      y += noise(row - 1, kBefore) + word_of(row - 1) + noise(row - 1, kChange) - noise(row - 2, kChange);
    text += std::to_string(row) + "," + std::to_string(row < end ? y : 5.0 * (row % 3));
    for (int c = 0; c < kColumns; ++c) {
      const double value = row < end ? noise(row, c) : noise(row + 7, c);
      text += c == kWord ? (word_of(row) > 0 ? ",up" : ",down") : "," + std::to_string(value);
    }
    text += "\n";
  }
  return text;
}

ForecastOptions options_with(std::vector<std::string> ForecastOptions::*role) {
  ForecastOptions options;
  options.target = "y";
  options.time = "t";
  options.horizon = 2;
  options.backtest = "60";
  for (int c = 0; c < kColumns; ++c) (options.*role).push_back("c" + std::to_string(c));
  return options;
}

Prepared prepared(const std::string& text, const ForecastOptions& options) {
  const Table table = parse_csv(text);
  return prepare(ForecastTables(table), options);
}

bool has(const std::vector<std::string>& names, int column) {
  return std::ranges::find(names, "c" + std::to_string(column)) != names.end();
}

TEST(CovariateChoice, KeepsWhatTellsOfTheNextStep) {
  const Prepared made = prepared(table_text(), options_with(&ForecastOptions::past));
  const std::vector<std::string>& past = made.preparation.roles.past;
  EXPECT_EQ(past.size(), kMostCovariates);
  EXPECT_TRUE(has(past, kBefore));
  EXPECT_TRUE(has(past, kChange));
  EXPECT_TRUE(has(past, kWord));
  EXPECT_EQ(made.preparation.texts.count("c90"), 1u);
  EXPECT_EQ(made.panel.past.size(), kMostCovariates);
  const auto said = std::ranges::find_if(made.notes, [](const std::string& note) {
    return note.find("150 columns of --past are more than a forecast can use: the 64 that") !=
           std::string::npos;
  });
  EXPECT_NE(said, made.notes.end());
}

TEST(CovariateChoice, DoesNotLookAtTheTestPart) {
  const ForecastOptions options = options_with(&ForecastOptions::past);
  EXPECT_EQ(prepared(table_text(), options).preparation.roles.past,
            prepared(table_text(kRows - 60), options).preparation.roles.past);
}

TEST(CovariateChoice, HoldsForKnownColumnsToo) {
  ForecastOptions options = options_with(&ForecastOptions::known);
  const Prepared made = prepared(table_text(), options);
  EXPECT_EQ(made.preparation.roles.known.size(), kMostCovariates);
}

TEST(CovariateChoice, LeavesAsManyAsCanBeUsedAlone) {
  ForecastOptions options = options_with(&ForecastOptions::past);
  options.past.resize(kMostCovariates);
  EXPECT_EQ(prepared(table_text(), options).preparation.roles.past, options.past);
}

}  // namespace
}  // namespace rondo::forecasting::choice_of_covariates
