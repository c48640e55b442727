#include "train/diagnostics/gradient_diagnosis.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/text.h"

namespace rondo {

namespace detail {
namespace {

// Where the verdicts begin. Gradients of trained networks fall by a few powers of ten without harm; beyond
// these figures the first steps have no say (or all of it) whatever the learning rate.
constexpr double kExploding = 100;      // times the gradient of the last step
constexpr double kVanished = 1e-3;      // of the largest, at the first step
constexpr std::int64_t kMinSteps = 8;   // of shorter sequences nothing is said to vanish
constexpr double kShareOfSteps = 0.25;  // 99 % of the gradient in the last quarter
constexpr double kSaturated = 0.8;      // of all gate activations

std::string percent(double share) { return detail::print("%.0f %%", share * 100); }

std::int64_t steps_that_carry(const std::vector<double>& norm, double share) {
  const double total = std::accumulate(norm.begin(), norm.end(), 0.0);
  double sum = 0;
  for (std::size_t k = 0; k < norm.size(); ++k) {
    sum += norm[k];
    if (sum >= share * total) return static_cast<std::int64_t>(k) + 1;
  }
  return static_cast<std::int64_t>(norm.size());
}

double stuck_share(const std::vector<GateSaturation>& gates) {
  double sum = 0;
  for (const GateSaturation& gate : gates) sum += gate.low + gate.high;
  return gates.empty() ? 0 : sum / static_cast<double>(gates.size());
}

std::string remedy_for_vanishing(const std::string& cell) {
  const std::string harmless =
      "No problem where older values do not help to predict the next ones. Otherwise: ";
  const std::string shorter =
      "use fewer steps (several rows as one step, or shorter sequences); "
      "add a residual connection around the layer or attention over its outputs";
  if (cell == "simple_rnn")
    return harmless +
           "use an lstm or a gru, whose state is carried over additively; set "
           "recurrent_initializer = orthogonal; " +
           shorter + ".";
  const std::string gates = cell == "lstm"
                                ? "keep unit_forget_bias, or start the forget gate's bias higher (2 to 4); "
                                : "start the bias of the gate that keeps the state higher (2 to 4); ";
  return harmless + shorter + "; " + gates + "use recurrent_initializer = orthogonal.";
}

std::string remedy_for_explosion(const std::string& cell) {
  std::string remedy =
      "Clip gradients in the optimiser (clipnorm = 1 or global_clipnorm = 1), lower the learning rate, start "
      "from "
      "recurrent_initializer = orthogonal and put a penalty on the recurrent weights (recurrent_regularizer)";
  if (cell == "simple_rnn") remedy += "; an lstm or a gru is more stable";
  return remedy + ".";
}

const char* const kRemedyForSaturation =
    "Scale the inputs to about unit variance, lower the learning rate, put an L2 penalty on kernel and "
    "recurrent_kernel, "
    "or set layer_norm = true.";

void find(LayerGradientFlow& flow, GradientDiagnosis diagnosis, std::string finding, std::string remedy) {
  flow.diagnosis = diagnosis;
  flow.finding = std::move(finding);
  flow.remedy = std::move(remedy);
}

}  // namespace

void diagnose(LayerGradientFlow& flow) {
  const std::vector<double>& norm = flow.norm_from_end;
  const auto steps = static_cast<std::int64_t>(norm.size());
  const auto finite = [](double v) { return std::isfinite(v); };
  if (steps == 0 || std::ranges::all_of(norm, [](double v) { return v == 0; }))
    return find(flow, GradientDiagnosis::healthy,
                "no gradient reaches this layer: the loss does not depend on it, or nothing in it learns",
                "");
  if (!std::ranges::all_of(norm, finite) || !std::ranges::all_of(flow.norm, finite)) {
    flow.growth = std::numeric_limits<double>::infinity();
    return find(flow, GradientDiagnosis::exploding, "gradients explode: they overflow to infinity or NaN",
                remedy_for_explosion(flow.cell));
  }
  const double largest = *std::ranges::max_element(norm), last = norm.front(), first = norm.back();
  constexpr double kTiny = 1e-300;
  flow.steps_for_99_percent = steps_that_carry(norm, 0.99);
  if (steps > 1)
    flow.growth = std::exp((std::log(std::max(first, kTiny)) - std::log(std::max(last, kTiny))) /
                           static_cast<double>(steps - 1));
  const std::string carried = "the last " + std::to_string(flow.steps_for_99_percent) + " of " +
                              std::to_string(steps) +
                              " steps carry 99 % of the gradient that comes from the end";
  if (largest > kExploding * std::max(last, kTiny)) {
    const auto at = std::ranges::max_element(norm) - norm.begin();
    return find(flow, GradientDiagnosis::exploding,
                "gradients explode: " + std::to_string(at) + " steps before the last they are " +
                    detail::print("%.3g", largest / std::max(last, kTiny)) + " times as large as at the last",
                remedy_for_explosion(flow.cell));
  }
  if (steps >= kMinSteps && first < kVanished * largest &&
      static_cast<double>(flow.steps_for_99_percent) <= kShareOfSteps * static_cast<double>(steps))
    return find(flow, GradientDiagnosis::vanishing,
                "gradients vanish: " + carried + ", each earlier step receives " + percent(flow.growth) +
                    " of the next one's",
                remedy_for_vanishing(flow.cell));
  const std::string reach = steps == 1 ? "sequences have one step: nothing is backpropagated through time"
                            : steps >= kMinSteps
                                ? "gradients reach the first steps: " + carried
                                : "sequences are short: at the first of " + std::to_string(steps) +
                                      " steps the gradient is " + percent(first / std::max(last, kTiny)) +
                                      " of that at the last";
  if (const double stuck = stuck_share(flow.gates); stuck > kSaturated)
    return find(flow, GradientDiagnosis::saturated,
                std::string(flow.gates.size() == 1 && flow.gates[0].low_limit < 0 ? "states" : "gates") +
                    " are saturated: " + percent(stuck) +
                    " of their activations are near a limit, where the slope is small",
                kRemedyForSaturation);
  find(flow, GradientDiagnosis::healthy, reach, "");
}

}  // namespace detail
}  // namespace rondo
