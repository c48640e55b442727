#pragma once

// Instruction sets that kernels are compiled for. Left out are those in between, which no machine of the last ten
// years stops at: every one costs compile time and size. Include before any header of Highway.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
