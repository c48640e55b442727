#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/data/table.h"

namespace rondo {

/// Collects the cells of a column and finds out whether they are numbers. Until `settle` it keeps text and
/// number of every cell; after that only what the column turned out to be.
class ColumnBuilder {
 public:
  ColumnBuilder(std::string name, bool as_text, char decimal, const std::vector<std::string>* missing)
      : name_(std::move(name)),
        state_(as_text ? State::text : State::open),
        decimal_(decimal),
        more_(missing) {}

  void add(std::string_view cell);
  /// From now on the kind of the column is fixed.
  void settle();
  /// What has been collected, as a column; collects the next piece after that.
  Column take();

 private:
  enum class State { open, number, text };
  std::string name_;
  State state_;
  char decimal_;
  const std::vector<std::string>* more_;
  std::vector<double> numbers_;
  TextList texts_;
  std::int64_t missing_ = 0;
  std::int64_t rows_ = 0;
  BadCell first_bad_;
};

}  // namespace rondo
