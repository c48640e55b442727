#pragma once

#include <cstddef>

namespace rondo {

/// Blocks of memory that this program has asked for so far, in all threads: calls of malloc and its kin, so
/// those of operator new too. Debugging: a breakpoint on `note_allocation` shows who asks.
std::size_t allocations();

/// Whether allocations() counts: sanitizers put their own malloc in front.
bool counts_allocations();

}  // namespace rondo
