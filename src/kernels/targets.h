#pragma once

// Instruction sets that kernels are not compiled for: SSSE3, as hardly a machine that has it lacks SSE4, and
// a kind of AVX-512 whose additions no kernel here uses. Every set costs compile time and size. Include
// before any header of Highway.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
