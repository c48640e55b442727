#pragma once

#include <string>
#include <vector>

namespace rondo {

/// Names of the instruction sets that this machine has and rondo has kernels for, best first: "AVX3" is
/// AVX-512.
std::vector<std::string> instruction_sets();

/// The one that kernels use: the best, or the one that the environment variable RONDO_INSTRUCTION_SET names.
/// The variable is read once, when the first network or tape is made or this function is called; a name that
/// is not one of instruction_sets() is Error(usage) there and then.
///
/// AVX2 and AVX3 give the same bits. SSE4 and the plain set (SCALAR or EMU128) have no fused multiply-add, so
/// that their last digits differ.
std::string instruction_set();

}  // namespace rondo
