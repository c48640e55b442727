#pragma once

#include <string>
#include <vector>

namespace rondo::kernels {

/// Instruction sets that this machine has and the kernels are compiled for, best first.
std::vector<std::string> instruction_sets();
/// Kernels use this one from now on; "" = the best. Not while others compute.
void use_instruction_set(const std::string& name);

}  // namespace rondo::kernels
