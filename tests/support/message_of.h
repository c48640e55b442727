#pragma once

#include <gtest/gtest.h>

#include <string>

#include "rondo/base/error.h"

namespace rondo {

/// What the error says that `call` throws; "no error" where it throws none.
std::string message_of(auto&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// The same of an error that has to be of the kind `usage`.
std::string usage_message_of(auto&& call) {
  return message_of([&] {
    try {
      call();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      throw;
    }
  });
}

}  // namespace rondo
