#include "kernels/targets.h"

#include <hwy/highway.h>
#include <hwy/targets.h>

#include "kernels/instruction_sets.h"
#include "rondo/error.h"

namespace rondo::kernels {
namespace {
// What the units are compiled for, as Highway names its bits.
std::uint64_t compiled() { return static_cast<std::uint64_t>(HWY_TARGETS); }
}  // namespace

std::vector<std::string> instruction_sets() {
  hwy::SetSupportedTargetsForTest(0);
  std::vector<std::string> names;
  const auto here = static_cast<std::uint64_t>(hwy::SupportedTargets()) & compiled();
  for (std::uint64_t bit = 1; bit != 0 && bit <= here; bit <<= 1) {  // lower bits are better instruction sets
    if ((here & bit) != 0) names.emplace_back(hwy::TargetName(static_cast<std::int64_t>(bit)));
  }
  return names;
}

void use_instruction_set(const std::string& name) {
  hwy::SetSupportedTargetsForTest(0);
  if (!name.empty()) {
    const auto here = static_cast<std::uint64_t>(hwy::SupportedTargets()) & compiled();
    std::int64_t chosen = 0;
    for (std::uint64_t bit = 1; bit != 0 && bit <= here; bit <<= 1) {
      if ((here & bit) != 0 && name == hwy::TargetName(static_cast<std::int64_t>(bit)))
        chosen = static_cast<std::int64_t>(bit);
    }
    if (chosen == 0) {
      std::string list;
      for (const auto& known : instruction_sets()) list += (list.empty() ? "" : ", ") + known;
      throw Error(ErrorKind::usage, "this machine has no instruction set '" + name + "'")
          .expected("one of " + list);
    }
    hwy::SetSupportedTargetsForTest(chosen);
  }
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace rondo::kernels
