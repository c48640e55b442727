#pragma once

// In front of a loop of a few steps known when compiling: unrolled whole, so that arrays of vectors that it
// indexes stay in registers. The count of gcc is that of the longest such loop.
#ifdef __clang__
#define RONDO_UNROLL _Pragma("clang loop unroll(full)")
#else
#define RONDO_UNROLL _Pragma("GCC unroll 16")
#endif
