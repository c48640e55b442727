#pragma once

#include <functional>
#include <string>
#include <vector>

namespace rondo::fuzz {

/// A reader of rondo with valid inputs from which damaged ones are made. Whatever it is given, it ends or
/// throws rondo::Error.
struct Target {
  std::string name;
  enum class Form { words, tensors } form = Form::words;
  std::vector<std::string> seeds;
  std::function<void(const std::string& bytes)> read;
};

/// All of them; files that are read by name are written to `folder`.
std::vector<Target> all_targets(const std::string& folder);

}  // namespace rondo::fuzz
