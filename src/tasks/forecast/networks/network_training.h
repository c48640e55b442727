#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rondo/tasks/forecast.h"
#include "rondo/train/callbacks.h"
#include "tasks/forecast/likelihood/likelihood_head.h"

namespace rondo::forecasting {

/// How an ensemble of networks is made and trained. 0 (of `dropout`: less) means: from the size of the data.
struct NetworkTraining {
  std::string cell = "gru";
  std::int64_t units = 0;
  int members = 3;
  LikelihoodHead head;
  bool direct = false;  ///< one dense layer from the encoder's state for all steps, instead of a decoder
  double dropout = -1;  ///< before the output layer
  std::int64_t updates = 0;
  std::int64_t epochs = 0;  ///< passes over the windows, where updates is 0
  std::int64_t batch_size = 0;
  double learning_rate = 0;
  std::int64_t patience = 0;  ///< epochs, or twentieths of `updates`, without a better validation loss
  std::uint64_t seed = 1;

  std::vector<CallbackPtr> callbacks;
  RunControls controls = {.verbose = 0};

  /// What the options say; the network's kind settles the rest.
  static NetworkTraining from(const ForecastOptions& options, const RunControls& controls);
};

}  // namespace rondo::forecasting
