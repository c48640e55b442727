#include "tasks/online/check_options.h"

#include <cmath>
#include <string>

#include "rondo/base/error.h"

namespace rondo::online {
namespace {

void check(bool holds, const char* option, const std::string& seen, const char* rule) {
  if (holds) return;
  throw Error(ErrorKind::usage, std::string("option ") + option + " is out of range")
      .seen(seen)
      .expected(rule);
}

}  // namespace

void check_online_options(std::int64_t targets, std::int64_t covariates, const OnlineOptions& o) {
  const auto whole = [](const char* name, std::int64_t value, std::int64_t least, std::int64_t most) {
    check(value >= least && value <= most, name, std::to_string(value),
          (std::to_string(least) + " to " + std::to_string(most)).c_str());
  };
  whole("targets", targets, 1, 1000);
  whole("covariates", covariates, 0, 1000);
  whole("horizon", o.horizon, 1, 100000);
  whole("units", o.units, 1, 4096);
  whole("chunk", o.chunk, 1, 100000);
  whole("every", o.every, 1, 100000);
  whole("lags", o.lags, 1, 1000);
  whole("memory", o.memory, 10, std::int64_t{1} << 40);
  check(o.learning_rate > 0 && o.learning_rate <= 1, "learning_rate", std::to_string(o.learning_rate),
        "above 0, at most 1");
  check(o.clip > 0 && std::isfinite(o.clip), "clip", std::to_string(o.clip), "above 0");
  check(o.forgetting > 0.5 && o.forgetting <= 1, "forgetting", std::to_string(o.forgetting),
        "above 0.5, at most 1");
  check(o.drift_threshold > 0, "drift_threshold", std::to_string(o.drift_threshold), "above 0");
}

}  // namespace rondo::online
