#define RONDO_WANT_VNNI  // the list of sets has what any file is compiled for
#include "kernels/targets.h"

#include <hwy/highway.h>
#include <hwy/targets.h>

#include <cstdlib>

#include "base/text.h"
#include "kernels/instruction_sets.h"
#include "rondo/base/error.h"
#include "rondo/base/json.h"
#include "rondo/kernels/instruction_set.h"

namespace rondo::kernels {
namespace {

constexpr const char* kVariable = "RONDO_INSTRUCTION_SET";

/// Bits as Highway numbers them: what this machine has of what the units are compiled for.
std::uint64_t available() {
  static const std::uint64_t here =
      static_cast<std::uint64_t>(hwy::SupportedTargets()) & static_cast<std::uint64_t>(HWY_TARGETS);
  return here;
}

std::string name_of(std::uint64_t bit) { return hwy::TargetName(static_cast<std::int64_t>(bit)); }

/// 0 when there is none of that name.
std::uint64_t bit_of(const std::string& name) {
  for (std::uint64_t bit = 1; bit != 0 && bit <= available(); bit <<= 1) {
    if ((available() & bit) != 0 && name == name_of(bit)) return bit;
  }
  return 0;
}

/// A set and all that are worse: what a file runs that is not compiled for the set itself.
std::uint64_t up_to(std::uint64_t bit) { return available() & ~(bit - 1); }

void use(std::uint64_t bits) { hwy::GetChosenTarget().Update(static_cast<std::int64_t>(bits)); }

/// What RONDO_INSTRUCTION_SET allows: all sets up to that one, or all when it is not set.
std::uint64_t allowed_by_environment() {
  const char* text = std::getenv(kVariable);
  if (text == nullptr || *text == '\0') return available();
  const std::uint64_t bit = bit_of(text);
  if (bit != 0) return up_to(bit);
  const std::string near = nearest_name(text, instruction_sets());
  throw Error(ErrorKind::usage, "this machine has no instruction set of that name")
      .where(std::string("environment variable ") + kVariable)
      .seen("'" + std::string(text) + "'")
      .expected("one of " + detail::listed(instruction_sets()))
      .fix(near.empty() ? "unset it: the best is chosen" : "did you mean '" + near + "'?");
}

std::uint64_t standard() {
  // A static that throws while it is made is tried again by the next caller, who gets the error as well.
  static const std::uint64_t bits = [] {
    const std::uint64_t allowed = allowed_by_environment();
    use(allowed);
    return allowed;
  }();
  return bits;
}

}  // namespace

const std::vector<std::string>& instruction_sets() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (std::uint64_t bit = 1; bit != 0 && bit <= available(); bit <<= 1) {  // lower bits are better sets
      if ((available() & bit) != 0) out.push_back(name_of(bit));
    }
    return out;
  }();
  return names;
}

std::string instruction_set() {
  standard();
  // Highway keeps its own choice: place i of its tables belongs to bit i of those that the units are compiled
  // for.
  const std::size_t place = hwy::GetChosenTarget().GetIndex();
  for (const std::string& name : instruction_sets()) {
    hwy::ChosenTarget candidate;
    candidate.Update(static_cast<std::int64_t>(bit_of(name)));
    if (candidate.GetIndex() == place) return name;
  }
  return "?";
}

void choose_instruction_set() { standard(); }

void use_instruction_set(const std::string& name) {
  const std::uint64_t bit = name.empty() ? 0 : bit_of(name), bits = name.empty() ? standard() : up_to(bit);
  if (!name.empty() && bit == 0) {
    throw Error(ErrorKind::usage, "this machine has no instruction set '" + name + "'")
        .expected("one of " + detail::listed(instruction_sets()));
  }
  standard();  // or its first call would undo what is chosen here
  use(bits);
}

}  // namespace rondo::kernels

namespace rondo {
std::vector<std::string> instruction_sets() { return kernels::instruction_sets(); }
std::string instruction_set() { return kernels::instruction_set(); }
}  // namespace rondo
