#include "tasks/forecast/prepare.h"

#include <cmath>
#include <string>
#include <vector>

#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/base/pool.h"
#include "rondo/layers/layers.h"
#include "tasks/forecast/intervals/backtest_bands.h"
#include "tasks/forecast/likelihood/likelihood_head.h"
#include "tasks/forecast/table/split.h"
#include "tasks/forecast/windows/folds.h"
#include "tasks/forecast/windows/window.h"

namespace rondo::forecasting {

namespace {

void refuse_if(bool wrong, const std::string& what, const std::string& seen, const std::string& fix) {
  if (wrong) throw Error(ErrorKind::usage, what).seen(seen).fix(fix);
}

void require_range(bool holds, const char* option, const std::string& seen, const std::string& expected) {
  if (holds) return;
  throw Error(ErrorKind::usage, std::string("--") + option + " is out of range")
      .seen(seen)
      .expected(expected);
}

void require_at_least(std::int64_t value, std::int64_t least, const char* option) {
  require_range(value >= least, option, std::to_string(value), "a whole number >= " + std::to_string(least));
}

void require_one_of(const std::string& value, const char* option, const std::vector<std::string>& known) {
  detail::place_among(known, value, std::string("--") + option + " has no such choice");
}

/// One of --backtest, --split and --test-file says what the test part is.
void check_test_part(const ForecastOptions& options) {
  backtest_rows(options.backtest, 100);
  if (!options.split.empty()) check_split_text(options.split);
  const int given = (options.backtest != kDefaultBacktest ? 1 : 0) + (options.split.empty() ? 0 : 1) +
                    (options.test_file.empty() ? 0 : 1);
  refuse_if(given > 1, "the test part is named twice", "more than one of --backtest, --split and --test-file",
            "leave the others out");
}

/// Where a scale or a season of the user's choice cannot be used.
void check_scales(const ForecastOptions& options) {
  const bool chosen = parse_normalization(options.normalize) != Normalization::automatic;
  require_one_of(options.outliers, "outliers", {"auto", "keep"});
  require_one_of(options.deseasonalize, "deseasonalize", {"auto", "yes", "no"});
  refuse_if(chosen && options.model == "recursive",
            "the recursive model has a scale of its own: that of a window's first half",
            "--normalize " + options.normalize + " with --model recursive", "leave one of them out");
  if (!names_counts(options.likelihood)) return;
  refuse_if(chosen, "counts have a scale of their own: 1 + the mean of a window",
            "--normalize " + options.normalize + " with --likelihood " + options.likelihood,
            "leave --normalize out, or use --likelihood gaussian or student_t");
  refuse_if(options.deseasonalize == "yes", "counts are learnt as they are, with their season",
            "--deseasonalize yes with --likelihood " + options.likelihood,
            "leave --deseasonalize out, or use --likelihood gaussian or student_t");
}

/// Sample paths need a distribution, and their settings are not searched for.
void check_recursive(const ForecastOptions& options) {
  if (options.model != "recursive") return;
  refuse_if(options.likelihood == "quantile", "the recursive model draws its forecasts from a distribution",
            "--likelihood quantile with --model recursive",
            "use --likelihood gaussian or student_t, or another --model");
  refuse_if(options.tune > 0, "the settings of the recursive model are not searched for",
            "--tune " + std::to_string(options.tune) + " with --model recursive", "leave one of them out");
}

}  // namespace

void check_options(const ForecastOptions& options) {
  if (options.target.empty() && !options.wide) {
    throw Error(ErrorKind::usage, "no column to forecast is named").fix("name it with --target COLUMN");
  }
  require_at_least(options.horizon, 1, "horizon");
  require_at_least(options.stride, 0, "stride");
  require_at_least(options.refit, 0, "refit");
  require_at_least(options.window, 0, "window");
  require_at_least(options.period, 0, "period");
  require_at_least(options.units, 0, "units");
  require_at_least(options.epochs, 0, "epochs");
  Pool::check_threads(options.threads);
  require_at_least(options.patience, 0, "patience");
  require_at_least(options.batch_size, 0, "batch-size");
  require_at_least(options.tune, 0, "tune");
  require_at_least(options.ensemble, 1, "ensemble");
  require_range(options.ensemble <= kMaxMembers, "ensemble", std::to_string(options.ensemble),
                "1 to " + std::to_string(kMaxMembers) + " networks");
  require_range(options.learning_rate >= 0 && std::isfinite(options.learning_rate), "learning-rate",
                std::to_string(options.learning_rate), "a number >= 0");
  require_one_of(options.missing, "missing", {"previous", "zero", "error"});
  (void)recurrent(options.cell, {.units = 1});  // an unknown name is an error
  require_one_of(options.model, "model", {"auto", "direct", "recursive", "encoder_decoder"});
  require_one_of(options.likelihood, "likelihood",
                 {"point", "quantile", "gaussian", "student_t", "negative_binomial", "poisson"});
  refuse_if(!options.future.empty() && options.known.empty(), "--future has no effect without --known",
            "--future " + options.future, "name the columns whose future the file holds: --known a,b");
  static_cast<void>(allowed_methods(options.methods));
  (void)asked_quantiles(options);
  check_scales(options);
  check_recursive(options);
  check_test_part(options);
}

bool asks_for_networks(const ForecastOptions& options) {
  return options.model != "auto" || options.likelihood != "point" || options.normalize != "auto";
}

bool asks_to_train(const ForecastOptions& options) {
  const ForecastOptions usual;
  return asks_for_networks(options) || options.tune > 0 || options.cell != usual.cell || options.units > 0 ||
         options.ensemble != usual.ensemble || options.epochs > 0 || options.patience > 0 ||
         options.batch_size > 0 || options.learning_rate > 0;
}

std::vector<pool::Member> allowed_methods(const std::string& methods) {
  if (methods == "auto" || methods == "none") return {};
  return pool::parse_members(methods);
}

LinearLimits limits_of(const ForecastOptions& options) {
  LinearLimits limits;
  if (options.transform != "auto") limits.transform = parse_transform(options.transform);
  if (names_counts(options.likelihood)) {
    refuse_if(limits.transform.value_or(Transform::none) != Transform::none,
              "counts are learnt as they are, without a transform",
              "--transform " + options.transform + " with --likelihood " + options.likelihood,
              "leave --transform out, or use --likelihood gaussian or student_t");
    limits.transform = Transform::none;
  }
  require_one_of(options.difference, "difference", {"auto", "yes", "no"});
  if (options.difference != "auto") limits.difference = options.difference == "yes";
  limits.longest_lag = options.window;
  return limits;
}

}  // namespace rondo::forecasting
