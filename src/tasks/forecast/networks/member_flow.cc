#include "tasks/forecast/networks/member_flow.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "rondo/train/training.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kMaxWindows = 32, kMaxMeasured = 5;

}  // namespace

MemberFlow measure_members(Network& network, const Dataset& training, const Json& loss) {
  MemberFlow out;
  std::vector<std::int64_t> some(static_cast<std::size_t>(std::min(kMaxWindows, training.size())));
  if (some.empty()) {
    out.note = "Not measured: there is no window that the networks have learnt from.";
    return out;
  }
  std::iota(some.begin(), some.end(), 0);
  const auto members = static_cast<std::int64_t>(network.output_count());
  const std::vector<const Layer*> layers = network.layers();
  const auto recurrent = std::ranges::count_if(layers, [](const Layer* l) { return l->is_recurrent(); });
  const std::int64_t most = std::min(members, kMaxMeasured) * (recurrent / members);
  CompileOptions compile;
  compile.loss = loss;
  out.flow = measure_gradient_flow(network, training.gather(some, DType::float32), compile, most);
  if (out.flow.empty()) {
    out.note = "Not measured: the networks have no recurrent layer whose steps can be followed one by one.";
  } else if (members > kMaxMeasured) {
    out.note = "Measured on the first " + std::to_string(kMaxMeasured) + " of " + std::to_string(members) +
               " networks.";
  }
  return out;
}

}  // namespace rondo::forecasting
