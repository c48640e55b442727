#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rondo/base/options.h"
#include "rondo/train/losses.h"

namespace rondo::detail {

/// A loss that can be named. Every file src/train/losses/<name>_loss.cc or <name>_losses.cc defines
///
///     std::vector<LossEntry> rondo::detail::<name>_loss();
///
/// (the function has the file's name), and the build makes the list of them.
struct LossEntry {
  std::string name;
  std::vector<std::string> aliases;
  // One of the two: a loss of rows, which is a metric as well, or of sequences.
  std::function<std::shared_ptr<const Loss>(const Json& options)> make;
  std::function<std::shared_ptr<Objective>(const Json& options)> make_objective;
};

/// Those of rows, which are metrics too.
std::vector<LossEntry> row_losses();

/// Of a class with a constant `kName`, a type `Options` (see options.h) and a constructor that takes it.
template <class O>
LossEntry objective_entry(std::vector<std::string> aliases = {}) {
  return {
      .name = O::kName, .aliases = std::move(aliases), .make = {}, .make_objective = [](const Json& config) {
        typename O::Options options;
        read_options(options, config, O::kName);
        return std::make_shared<O>(options);
      }};
}

}  // namespace rondo::detail
