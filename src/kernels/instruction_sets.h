#pragma once

#include <string>
#include <vector>

namespace rondo::kernels {

/// Instruction sets that this machine has and the kernels are compiled for, best first.
const std::vector<std::string>& instruction_sets();
/// The one in use.
std::string instruction_set();
/// Reads RONDO_INSTRUCTION_SET, the first time it is called, and makes kernels use what it names. Whoever may
/// be the first to run a kernel calls it before: a network when it is made, a tape when it is made. A name
/// that is not one of instruction_sets(): Error(usage), at every call.
void choose_instruction_set();
/// Kernels use this one from now on; "" = the one of RONDO_INSTRUCTION_SET, or the best. Not while others
/// compute.
void use_instruction_set(const std::string& name);

}  // namespace rondo::kernels
