// A model that answers at once. An LSTM learns to forecast a noisy sine wave from windows of 40 steps, as
// usual. Then it is frozen into a Session and fed one number at a time, as a sensor would: each step costs
// less than a microsecond, and never waits for memory, locks or the system.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <vector>

#include <rondo/rondo.h>

namespace {

constexpr std::int64_t kWindows = 400, kSteps = 40, kUnits = 50;
constexpr int kStreamed = 100'000;

float wave(std::int64_t t) {
  static const rondo::RandomStream random(7);
  return std::sin(0.2F * static_cast<float>(t)) +
         0.05F * static_cast<float>(random.normal(static_cast<std::uint64_t>(t)));
}

}  // namespace

int main() {
  // Each window of 40 steps, and at every step the number that comes next.
  rondo::Tensor x({kWindows, kSteps, 1}), y({kWindows, kSteps, 1});
  for (std::int64_t w = 0; w < kWindows; ++w) {
    for (std::int64_t t = 0; t < kSteps; ++t) {
      x.set(w * kSteps + t, wave(5 * w + t));
      y.set(w * kSteps + t, wave(5 * w + t + 1));
    }
  }
  rondo::Sequential model(
      {rondo::lstm({.units = kUnits, .return_sequences = true}), rondo::dense({.units = 1})});
  model.compile({.optimizer = "adam", .loss = "mse"});
  model.fit(rondo::Samples(x), rondo::Samples(y), {.epochs = 15, .run = {.verbose = 0}});

  rondo::Session session(model.network());
  std::vector<double> nanoseconds;
  nanoseconds.reserve(kStreamed);
  double squares = 0;
  for (int t = 0; t < kStreamed; ++t) {
    const float now = wave(t);
    float next = 0;
    const auto begin = std::chrono::steady_clock::now();
    session.step({&now, 1}, {&next, 1});
    nanoseconds.push_back(
        std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count());
    if (t >= kSteps) squares += std::pow(next - wave(t + 1), 2);
  }
  std::sort(nanoseconds.begin(), nanoseconds.end());
  const auto percentile = [&](double p) {
    return nanoseconds[static_cast<std::size_t>(p * static_cast<double>(kStreamed - 1))];
  };
  std::printf("%d steps: root mean square error %.3f (noise alone: 0.050)\n", kStreamed,
              std::sqrt(squares / (kStreamed - kSteps)));
  std::printf("a step with its clock reading: median %.0f ns, 99 %% within %.0f ns, 99.9 %% within %.0f ns\n",
              percentile(0.5), percentile(0.99), percentile(0.999));

  // A state is a value: what would follow if the last number had been another? Ask a copy.
  rondo::Session what_if(session.frozen(), 2);
  for (const int stream : {0, 1}) what_if.restore(stream, session.snapshot());
  float usual = 0, shocked = 0;
  const float same = wave(kStreamed), jump = same + 1;
  what_if.step(0, {&same, 1}, {&usual, 1});
  what_if.step(1, {&jump, 1}, {&shocked, 1});
  std::printf("forecast %.3f; after a jump of the sensor by one: %.3f\n", static_cast<double>(usual),
              static_cast<double>(shocked));
  return 0;
}
