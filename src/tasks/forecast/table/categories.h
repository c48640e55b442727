#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "rondo/data/table.h"

namespace rondo::forecasting {

/// The texts of a column as numbers 0, 1, 2 … in order of appearance.
class TextCodes {
 public:
  TextCodes() = default;
  /// With these texts as 0, 1, 2 …
  explicit TextCodes(std::vector<std::string> texts);
  /// By row; NaN for an empty cell, unless "" is one of the texts. Tables read later go on with the same
  /// numbers.
  std::vector<double> codes(const Column& column);
  const std::string& text(std::size_t code) const { return texts_[code]; }
  const std::vector<std::string>& texts() const { return texts_; }
  std::size_t size() const { return texts_.size(); }

 private:
  std::map<std::string, std::size_t, std::less<>> place_;
  std::vector<std::string> texts_;
};

/// Whether a covariate holds texts. A column of numbers with a stray text among them does not, however many
/// of its cells are empty: reading its numbers throws and names the cell.
bool holds_texts(const Column& column);

/// One-hot encoding by the texts that the training part shows: a column for each, for the most frequent 24
/// where there are more (two texts need one column). Every other text of the training part is 0 in all. One
/// that it does not show is like none of them: every column has the share that its text has in the training
/// part; where there are others, it is one of these.
struct OneHot {
  std::vector<std::size_t> chosen;     ///< codes, one a column
  std::vector<double> unseen;          ///< by column: what stands for a text that the training part lacks
  std::vector<bool> seen_in_training;  ///< by code: the training part has it

  /// `counts` of every code in the training part.
  static OneHot learn(const std::vector<std::int64_t>& counts);
  bool is_unseen(double code) const;
  void append(double code, std::vector<double>& out) const;
};

}  // namespace rondo::forecasting
