#pragma once

// Instruction sets that kernels are compiled for: all of Highway's but a few, as every set costs compile time
// and size. Include before any header of Highway.
//
//   SSSE3
//     Hardly a machine that has it lacks SSE4.
//   AVX3_DL
//     AVX-512 with VNNI: a file whose kernels use its additions defines RONDO_WANT_VNNI before it includes
//     this; all other files run AVX3 where AVX3_DL is chosen.
//   SVE, RVV
//     Vectors whose size is known at run time only. Tiles keep their sums in arrays of vectors, which C++ has
//     not for such types, so these machines run NEON or the plain set. Kernels that keep no such array (row
//     passes, activations, cells) ask for Lanes() and bound their buffers by MaxLanes().
#ifdef RONDO_WANT_VNNI
#define HWY_WANT_AVX3_DL
#define RONDO_WITHOUT_VNNI 0
#else
#define RONDO_WITHOUT_VNNI HWY_AVX3_DL
#endif
#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | RONDO_WITHOUT_VNNI | HWY_SVE | HWY_SVE_256 | HWY_SVE2 | HWY_SVE2_128 | HWY_RVV)
