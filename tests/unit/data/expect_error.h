#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "rondo/base/error.h"

namespace rondo {

/// `act` must throw an Error of that kind whose message contains all of `pieces`.
template <class F>
void expect_error(ErrorKind kind, std::initializer_list<std::string> pieces, F&& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(error.kind()), static_cast<int>(kind)) << error.what();
    const std::string text = error.what();
    for (const std::string& piece : pieces) {
      EXPECT_NE(text.find(piece), std::string::npos) << "'" << piece << "' is not in:\n" << text;
    }
    return;
  }
  ADD_FAILURE() << "nothing was thrown";
}

}  // namespace rondo
