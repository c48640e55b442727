#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

// What the environment asks of tests that could go on for hours. CONTRIBUTING.md describes both variables.

namespace rondo {

/// RONDO_TEST_FULL=1: every float, every combination.
inline bool test_everything() {
  const char* text = std::getenv("RONDO_TEST_FULL");
  return text != nullptr && std::string(text) != "" && std::string(text) != "0";
}

/// RONDO_TEST_SEED: chooses the random cases. The same ones every time unless it is set.
inline std::uint64_t test_seed() {
  const char* text = std::getenv("RONDO_TEST_SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

}  // namespace rondo
