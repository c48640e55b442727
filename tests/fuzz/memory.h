#pragma once

#include <cstdint>

namespace rondo::fuzz {

/// Bytes that operator new has given out and not got back, since the last call of `begin_counting`: at most.
std::int64_t most_bytes();
/// From now on more than `limit` throw std::bad_alloc, and `was_refused` says so.
void begin_counting(std::int64_t limit);
void end_counting();
bool was_refused();

}  // namespace rondo::fuzz
