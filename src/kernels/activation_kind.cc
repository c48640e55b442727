#include "kernels/activation_kind.h"

#include "base/text.h"
#include "rondo/base/error.h"

namespace rondo::kernels {

bool is_recurrent(ActivationKind kind) { return activations()[static_cast<std::size_t>(kind)].recurrent; }

std::vector<std::string> activation_names() {
  std::vector<std::string> names;
  for (const ActivationInfo& info : activations()) names.emplace_back(info.name);
  for (const ActivationInfo& info : activations()) {
    if (info.alias != nullptr) names.emplace_back(info.alias);
  }
  return names;
}

ActivationKind parse_activation(const std::string& name, const std::string& where) {
  for (std::size_t i = 0; i < activations().size(); ++i) {
    const ActivationInfo& info = activations()[i];
    if (name == info.name || (info.alias != nullptr && name == info.alias))
      return static_cast<ActivationKind>(i);
  }
  const std::vector<std::string> known = activation_names();
  throw Error(ErrorKind::usage, "unknown activation '" + name + "'")
      .where(where)
      .expected("one of " + detail::listed(known))
      .fix(detail::did_you_mean(name, known));
}

}  // namespace rondo::kernels
