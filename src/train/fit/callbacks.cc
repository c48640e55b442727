#include "rondo/train/callbacks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/model/network.h"
#include "rondo/train/optimizers.h"

namespace rondo {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::optional<bool> larger_is_better(const std::string& mode) {
  if (mode == "min") return false;
  if (mode == "max") return true;
  if (mode == "auto") return std::nullopt;
  throw Error(ErrorKind::usage, "there is no mode called '" + mode + "'")
      .expected("\"min\", \"max\" or \"auto\"");
}

/// What `mode` says, or what the run's metric says itself; nothing when the run does not measure `monitor`.
std::optional<bool> larger_is_better(const TrainingRun& run, const std::string& monitor,
                                     const std::string& mode, const char* callback) {
  if (mode != "auto") return larger_is_better(mode);
  const std::optional<Direction> direction = run.direction(monitor);
  if (!direction) return std::nullopt;
  if (*direction != Direction::unknown) return *direction == Direction::larger;
  throw Error(ErrorKind::usage, std::string(callback) + " cannot tell whether '" + monitor +
                                    "' is better when it is larger or when it is smaller")
      .seen("mode \"auto\", and a metric that does not say it")
      .fix("set mode to \"min\" or \"max\", or override Metric::direction");
}

/// The same when there is a value already, which may be another callback's.
bool larger_is_better(const std::optional<bool>& known, const std::string& monitor, const char* callback) {
  if (known) return *known;
  throw Error(ErrorKind::usage, std::string(callback) + " cannot tell whether '" + monitor +
                                    "' is better when it is larger or when it is smaller")
      .seen("mode \"auto\", and no metric of that name")
      .fix("set mode to \"min\" or \"max\"");
}

/// The value to watch; nothing in an epoch without validation.
std::optional<double> monitored(TrainingRun& run, const std::string& monitor, const NamedValues& logs,
                                const char* callback) {
  std::vector<std::string> names;
  for (const auto& [name, value] : logs) {
    if (name == monitor) return value;
    names.push_back(name);
  }
  const bool validated =
      std::any_of(names.begin(), names.end(), [](const auto& name) { return name.starts_with("val_"); });
  if (monitor.starts_with("val_") && run.has_validation() && !validated) return std::nullopt;
  throw Error(ErrorKind::usage, std::string(callback) + " watches '" + monitor + "', which is not measured")
      .seen(detail::listed(names))
      .expected("one of these")
      .fix(monitor.starts_with("val_") ? "give validation data, or watch '" + monitor.substr(4) + "'" : "");
}

void put_optional(Json& numbers, const char* key, const std::optional<double>& value) {
  numbers.set(key, value ? Json(*value) : Json());
}
std::optional<double> get_optional(const Json& numbers, const char* key) {
  const Json& value = numbers.at(key, "state of a callback");
  return value.is_null() ? std::nullopt : std::optional(value.as_real(key));
}
std::int64_t get_integer(const Json& numbers, const char* key) {
  return numbers.at(key, "state of a callback").as_integer(key);
}

void log_learning_rate(TrainingRun& run, NamedValues& logs) {
  if (std::ranges::find(logs, "learning_rate", &NamedValues::value_type::first) == logs.end())
    logs.emplace_back("learning_rate", run.optimizer().learning_rate());
}

}  // namespace

const std::vector<double>* History::find(std::string_view name) const {
  for (const auto& [known, numbers] : values) {
    if (known == name) return &numbers;
  }
  return nullptr;
}

const std::vector<double>& History::at(std::string_view name) const {
  if (const auto* numbers = find(name)) return *numbers;
  std::vector<std::string> names;
  for (const auto& [known, numbers] : values) names.push_back(known);
  throw Error(ErrorKind::usage, "the history has no '" + std::string(name) + "'")
      .expected("one of " + detail::listed(names));
}

void History::append(std::int64_t epoch, const NamedValues& logs) {
  epochs.push_back(epoch);
  for (const auto& log : logs) {  // clang 14 cannot capture a structured binding
    if (find(log.first) == nullptr)
      values.emplace_back(log.first, std::vector<double>(epochs.size() - 1, kNaN));
    const auto column =
        std::find_if(values.begin(), values.end(), [&](const auto& v) { return v.first == log.first; });
    column->second.push_back(log.second);
  }
  for (auto& [name, numbers] : values) numbers.resize(epochs.size(), kNaN);
}

Json History::to_config() const {
  Json columns = Json::object();
  for (const auto& [name, numbers] : values) columns.set(name, Json::list(numbers));
  return Json::object({{"epochs", Json::list(epochs)}, {"values", std::move(columns)}});
}

History History::from_config(const Json& config) {
  History out;
  for (const Json& epoch : config.at("epochs", "history").as_array("history.epochs")) {
    out.epochs.push_back(epoch.as_integer("history.epochs"));
  }
  for (const auto& [name, numbers] : config.at("values", "history").as_object("history.values")) {
    std::vector<double> column;
    for (const Json& number : numbers.as_array(name))
      column.push_back(number.is_null() ? kNaN : number.as_real(name));
    column.resize(out.epochs.size(), kNaN);
    out.values.emplace_back(name, std::move(column));
  }
  return out;
}

EarlyStopping::EarlyStopping(EarlyStoppingOptions options)
    : options_(std::move(options)), larger_is_better_(larger_is_better(options_.mode)) {}

bool EarlyStopping::improves(double value, std::optional<double> reference) const {
  if (std::isnan(value)) return false;
  if (!reference) return true;
  const double delta = std::abs(options_.min_delta);
  return larger_is_better(larger_is_better_, options_.monitor, "EarlyStopping") ? value - delta > *reference
                                                                                : value + delta < *reference;
}

void EarlyStopping::on_train_begin(TrainingRun& run) {
  larger_is_better_ = larger_is_better(run, options_.monitor, options_.mode, "EarlyStopping");
  wait_ = best_epoch_ = 0;
  stopped_epoch_ = -1;
  best_.reset();
  best_values_ = Tensor();
}

/// Those of a checkpoint may be anybody's.
void EarlyStopping::check_best(TrainingRun& run) const {
  const auto values = std::as_const(run.network()).parameters().values();
  if (best_values_.empty() ||
      (best_values_.size() == values.size() && best_values_.dtype() == values.dtype()))
    return;
  throw Error(ErrorKind::model_file, "the best weights of the checkpoint are those of another network")
      .seen(std::to_string(best_values_.size()) + " of " + dtype_name(best_values_.dtype()))
      .expected(std::to_string(values.size()) + " of " + dtype_name(values.dtype()))
      .fix("remove the checkpoint to start over");
}

void EarlyStopping::on_epoch_end(TrainingRun& run, NamedValues& logs) {
  const std::optional<double> current = monitored(run, options_.monitor, logs, "EarlyStopping");
  if (!current || run.epoch() < options_.start_from_epoch) return;
  check_best(run);
  static_cast<void>(larger_is_better(larger_is_better_, options_.monitor, "EarlyStopping"));
  const auto remember = [&] {
    best_epoch_ = run.epoch();
    if (options_.restore_best_weights) best_values_ = run.network().parameters().values();
  };
  if (options_.restore_best_weights && best_values_.empty()) remember();
  ++wait_;
  if (improves(*current, best_)) {
    best_ = current;
    remember();
    if (!options_.baseline || improves(*current, options_.baseline)) wait_ = 0;
    return;
  }
  if (wait_ >= options_.patience && run.epoch() > 0) {
    stopped_epoch_ = run.epoch();
    run.stop();
  }
}

void EarlyStopping::on_train_end(TrainingRun& run) {
  if (!options_.restore_best_weights || best_values_.empty()) return;
  check_best(run);
  run.network().parameters().values() = best_values_;
}

Callback::State EarlyStopping::state() const {
  State out;
  out.numbers =
      Json::object({{"wait", wait_}, {"best_epoch", best_epoch_}, {"stopped_epoch", stopped_epoch_}});
  put_optional(out.numbers, "best", best_);
  if (!best_values_.empty()) out.tensors.emplace_back("best_values", best_values_);
  return out;
}

void EarlyStopping::restore(const State& state) {
  wait_ = get_integer(state.numbers, "wait");
  best_epoch_ = get_integer(state.numbers, "best_epoch");
  stopped_epoch_ = get_integer(state.numbers, "stopped_epoch");
  best_ = get_optional(state.numbers, "best");
  for (const auto& [name, tensor] : state.tensors) {
    if (name == "best_values") best_values_ = tensor;
  }
}

ReduceLrOnPlateau::ReduceLrOnPlateau(ReduceLrOnPlateauOptions options)
    : options_(std::move(options)), larger_is_better_(larger_is_better(options_.mode)) {
  if (!(options_.factor > 0 && options_.factor < 1)) {
    throw Error(ErrorKind::usage, "ReduceLrOnPlateau.factor must lie between 0 and 1")
        .seen(std::to_string(options_.factor));
  }
}

void ReduceLrOnPlateau::on_train_begin(TrainingRun& run) {
  larger_is_better_ = larger_is_better(run, options_.monitor, options_.mode, "ReduceLrOnPlateau");
  wait_ = cooldown_left_ = 0;
  best_.reset();
}

void ReduceLrOnPlateau::on_epoch_end(TrainingRun& run, NamedValues& logs) {
  const std::optional<double> current = monitored(run, options_.monitor, logs, "ReduceLrOnPlateau");
  log_learning_rate(run, logs);
  if (!current) return;
  if (cooldown_left_ > 0) {
    --cooldown_left_;
    wait_ = 0;
  }
  const bool larger = larger_is_better(larger_is_better_, options_.monitor, "ReduceLrOnPlateau");
  const bool better =
      !std::isnan(*current) &&
      (!best_ || (larger ? *current > *best_ + options_.min_delta : *current < *best_ - options_.min_delta));
  if (better) {
    best_ = current;
    wait_ = 0;
  } else if (cooldown_left_ == 0 && ++wait_ >= options_.patience) {
    const double rate = run.optimizer().learning_rate();
    if (rate > options_.min_lr) {
      run.optimizer().set_learning_rate(std::max(rate * options_.factor, options_.min_lr));
      cooldown_left_ = options_.cooldown;
      wait_ = 0;
    }
  }
}

Callback::State ReduceLrOnPlateau::state() const {
  State out;
  out.numbers = Json::object({{"wait", wait_}, {"cooldown_left", cooldown_left_}});
  put_optional(out.numbers, "best", best_);
  return out;
}

void ReduceLrOnPlateau::restore(const State& state) {
  wait_ = get_integer(state.numbers, "wait");
  cooldown_left_ = get_integer(state.numbers, "cooldown_left");
  best_ = get_optional(state.numbers, "best");
}

void LearningRateScheduler::on_epoch_begin(TrainingRun& run) {
  run.optimizer().set_learning_rate(rule_(run.epoch(), run.optimizer().learning_rate()));
}
void LearningRateScheduler::on_epoch_end(TrainingRun& run, NamedValues& logs) {
  log_learning_rate(run, logs);
}

ModelCheckpoint::ModelCheckpoint(ModelCheckpointOptions options)
    : options_(std::move(options)), larger_is_better_(larger_is_better(options_.mode)) {
  if (options_.filepath.empty()) throw Error(ErrorKind::usage, "ModelCheckpoint.filepath is empty");
}

void ModelCheckpoint::on_train_begin(TrainingRun& run) {
  best_.reset();
  if (options_.save_best_only && options_.save_every_batches == 0)
    larger_is_better_ = larger_is_better(run, options_.monitor, options_.mode, "ModelCheckpoint");
}

namespace {

/// Fills {epoch}, {epoch:02d} and {name:.4f} in.
std::string fill_in(TrainingRun& run, const std::string& pattern, const NamedValues& logs) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::size_t close = pattern[i] == '{' ? pattern.find('}', i) : std::string::npos;
    if (close == std::string::npos) {
      out += pattern[i];
      continue;
    }
    const std::string field = pattern.substr(i + 1, close - i - 1);
    const std::size_t colon = field.find(':');
    const std::string name = field.substr(0, colon),
                      format = colon == std::string::npos ? "" : field.substr(colon + 1);
    const bool width_only = !format.empty() && format.back() == 'd';
    const bool digits_only = format.size() > 2 && format.front() == '.' && format.back() == 'f';
    const std::string number = width_only    ? format.substr(0, format.size() - 1)
                               : digits_only ? format.substr(1, format.size() - 2)
                                             : "";
    if (!std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; }) ||
        number.size() > 2) {
      throw Error(ErrorKind::usage, "a field of a file name has a format that is not known")
          .where(pattern)
          .seen("{" + field + "}")
          .expected("{epoch:02d} or {val_loss:.4f}");
    }
    const int digits = number.empty() ? 0 : std::stoi(number);
    if (name == "epoch") {
      const bool zeros = number.size() > 1 && number[0] == '0';
      out += detail::print(zeros ? "%0*lld" : "%*lld", digits, static_cast<long long>(run.epoch()) + 1);
    } else {
      out += detail::print("%.*f", digits_only ? digits : 4,
                           monitored(run, name, logs, "ModelCheckpoint").value_or(kNaN));
    }
    i = close;
  }
  return out;
}

}  // namespace

void ModelCheckpoint::save(TrainingRun& run, const NamedValues& logs) {
  const std::string path = fill_in(run, options_.filepath, logs);
  if (options_.save_model_only)
    run.save_model(path);
  else
    run.save_checkpoint(path);
}

void ModelCheckpoint::on_batch_end(TrainingRun& run, std::int64_t batch, const NamedValues& logs) {
  if (options_.save_every_batches > 0 && (batch + 1) % options_.save_every_batches == 0) save(run, logs);
}

void ModelCheckpoint::on_epoch_end(TrainingRun& run, NamedValues& logs) {
  if (options_.save_every_batches > 0) return;
  if (options_.save_best_only) {
    const std::optional<double> current = monitored(run, options_.monitor, logs, "ModelCheckpoint");
    if (!current || std::isnan(*current)) return;
    const bool larger = larger_is_better(larger_is_better_, options_.monitor, "ModelCheckpoint");
    if (best_ && !(larger ? *current > *best_ : *current < *best_)) return;
    best_ = current;
  }
  save(run, logs);
}

Callback::State ModelCheckpoint::state() const {
  State out;
  put_optional(out.numbers, "best", best_);
  return out;
}
void ModelCheckpoint::restore(const State& state) { best_ = get_optional(state.numbers, "best"); }

}  // namespace rondo
