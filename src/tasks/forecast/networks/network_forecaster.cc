#include "tasks/forecast/networks/network_forecaster.h"

#include <cmath>

#include "rondo/train/training.h"
#include "tasks/common/model_file.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kPredictBatch = 256;

using Inputs = std::function<std::vector<Samples>(std::span<const Origin>, DType)>;

/// The inputs alone, of any origins.
class InputsOf : public Dataset {
 public:
  InputsOf(std::span<const Origin> origins, const Inputs& inputs) : origins_(origins), inputs_(inputs) {}
  std::int64_t size() const override { return static_cast<std::int64_t>(origins_.size()); }
  Batch gather(std::span<const std::int64_t> indices, DType dtype) const override {
    std::vector<Origin> some;
    for (const std::int64_t index : indices) some.push_back(origins_[static_cast<std::size_t>(index)]);
    Batch batch;
    batch.inputs = inputs_(some, dtype);
    return batch;
  }

 private:
  std::span<const Origin> origins_;
  const Inputs& inputs_;
};

}  // namespace

std::vector<Samples> NetworkForecaster::predict(std::span<const Origin> origins,
                                                const InputsOfOrigins& inputs, Pool& pool) {
  Trainer trainer(network, CompileOptions{}, &pool);
  return trainer.predict(InputsOf(origins, inputs), {.batch_size = kPredictBatch});
}

Forecasts NetworkForecaster::forecast(const ScaledPanel& scaled, std::span<const Origin> origins,
                                      Pool& pool) {
  return mixture_of(members(scaled, origins, pool), has_distribution());
}

std::vector<Forecasts> NetworkForecaster::forecasts_of(std::span<const std::vector<int>> groups,
                                                       const ScaledPanel& scaled,
                                                       std::span<const Origin> origins, Pool& pool) {
  const std::vector<Forecasts> all = members(scaled, origins, pool);
  std::vector<Forecasts> out;
  for (const std::vector<int>& group : groups) {
    std::vector<Forecasts> own;
    for (const int member : group) own.push_back(all[static_cast<std::size_t>(member)]);
    out.push_back(mixture_of(own, has_distribution()));
  }
  return out;
}

void NetworkForecaster::archive_network(tasks::Archive& archive, const std::vector<ValueShape>& inputs,
                                        const ValueShape& output) {
  tasks::archive_network(archive, network);
  if (!archive.reading()) return;
  bool fits = network.input_count() == inputs.size();
  for (std::size_t i = 0; fits && i < inputs.size(); ++i) fits = network.input_spec(i) == inputs[i];
  if (!fits) archive.refuse("", "has a network whose inputs do not fit its window", "other inputs");
  for (std::size_t i = 0; fits && i < network.output_count(); ++i) {
    fits = network.output_spec(i).sequence == output.sequence &&
           network.output_spec(i).features == output.features;
  }
  if (!fits) archive.refuse("", "has a network whose outputs do not fit the horizon", "other outputs");
}

Forecasts mixture_of(std::span<const Forecasts> members, bool has_distribution) {
  Forecasts out = members.front();
  const auto count = static_cast<double>(members.size());
  for (std::size_t i = 0; i < out.location.values.size(); ++i) {
    double mean = 0, square = 0;
    for (const Forecasts& member : members) mean += member.location.values[i] / count;
    for (const Forecasts& member : members) {
      const double apart = member.location.values[i] - mean, own = member.spread.values[i];
      square += (own * own + apart * apart) / count;
    }
    out.location.values[i] = mean;
    if (has_distribution) out.spread.values[i] = std::sqrt(square);
  }
  return out;
}

}  // namespace rondo::forecasting
