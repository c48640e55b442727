#pragma once

#include <memory>
#include <string>

#include "rondo/train/metrics.h"
#include "train/named_config.h"

namespace rondo::detail {

/// A metric that can be named. Every file src/train/metrics/<name>_metric.cc or <name>_metrics.cc defines
///
///     std::vector<MetricEntry> rondo::detail::<name>_metric();
///
/// (the function has the file's name), and the build makes the list of them.
using MetricEntry = NamedEntry<std::shared_ptr<Metric>>;

struct NoMetricOptions {
  template <class Self, class V>
  static void visit(Self&, V&&) {}
};

/// Reads the options of a metric; an unknown key is an error that names the nearest one.
template <class Options>
Options metric_options(const Json& config, const std::string& name) {
  Options options;
  read_options(options, config, name);
  return options;
}

/// Throws Error(model_file) unless `fits`: numbers of another metric were to be restored.
void check_gathered(const std::string& name, bool fits);

}  // namespace rondo::detail
