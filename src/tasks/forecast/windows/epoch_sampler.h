#pragma once

#include "rondo/train/callbacks.h"

namespace rondo::forecasting {

/// Tells samples that deal other windows every epoch (`set_epoch`) which epoch it is. That is part of its
/// state: a training that is resumed in the middle of an epoch goes on with it, no epoch begins there.
template <class Samples>
class EpochSampler : public Callback {
 public:
  explicit EpochSampler(Samples& samples) : samples_(samples) {}

  void on_epoch_begin(TrainingRun& run) override { deal(run.epoch()); }
  State state() const override { return {Json::object({{"epoch", epoch_}}), {}}; }
  void restore(const State& state) override {
    if (const Json* epoch = state.numbers.find("epoch")) deal(epoch->as_integer("epoch"));
  }

 private:
  void deal(std::int64_t epoch) {
    epoch_ = epoch;
    samples_.set_epoch(epoch);
  }

  Samples& samples_;
  std::int64_t epoch_ = 0;
};

}  // namespace rondo::forecasting
