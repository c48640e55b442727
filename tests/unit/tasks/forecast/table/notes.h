#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace rondo::forecasting {

/// Whether one of the notes has this text in it.
inline bool is_noted(const std::vector<std::string>& notes, const std::string& text) {
  return std::any_of(notes.begin(), notes.end(),
                     [&](const std::string& note) { return note.find(text) != std::string::npos; });
}

}  // namespace rondo::forecasting
