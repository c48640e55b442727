#pragma once

#include <string>

// Small pieces of the page's tables.
namespace rondo::html {

/// A cell with text that is safe already (numbers for people are).
std::string cell(const std::string& text, bool best = false);
/// The cell that names its row; escaped here.
std::string row_title(const std::string& text);
/// A cell with a bar of value / largest; negative values are hatched.
std::string bar(double value, double largest);
/// A cell with a bar of three parts that add up to 1: below (dark), between (light), above (hatched).
std::string split_bar(double low, double high);

}  // namespace rondo::html
