// From the table to training samples.

#include "tasks/csv_training/samples.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/index_range.h"
#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/data/missing.h"
#include "rondo/data/pipeline.h"

namespace rondo {
namespace {

// ---- arrays ----

std::vector<std::string> both(const Preparation& preparation) {
  std::vector<std::string> names = preparation.inputs;
  for (const std::string& target : preparation.targets) {
    if (std::find(names.begin(), names.end(), target) == names.end()) names.push_back(target);
  }
  return names;
}

/// Columns `names` of `values` [time, columns].
Tensor take_columns(const Tensor& values, const std::vector<std::string>& columns,
                    const std::vector<std::string>& names) {
  Tensor out({values.dim(0), static_cast<std::int64_t>(names.size())}, DType::float64);
  const auto from = values.data<double>();
  const auto to = out.data<double>();
  for (std::size_t n = 0; n < names.size(); ++n) {
    const auto c =
        static_cast<std::size_t>(std::find(columns.begin(), columns.end(), names[n]) - columns.begin());
    for (std::size_t row = 0; row < static_cast<std::size_t>(values.dim(0)); ++row) {
      to[row * names.size() + n] = from[row * columns.size() + c];
    }
  }
  return out;
}

Tensor beside(const Tensor& left, const Tensor& right) {
  const std::int64_t a = left.dim(1), b = right.dim(1);
  Tensor out({left.dim(0), a + b}, DType::float64);
  for (std::int64_t row = 0; row < left.dim(0); ++row) {
    for (std::int64_t c = 0; c < a; ++c) out.set(row * (a + b) + c, left.at(row * a + c));
    for (std::int64_t c = 0; c < b; ++c) out.set(row * (a + b) + a + c, right.at(row * b + c));
  }
  return out;
}

Tensor scaled(const Scaler& scaler, const Tensor& values) {
  return scaler.fitted() ? scaler.transform(values) : values;
}

/// Learns the scalers from pieces of the training part.
void fit_scalers(const CsvTraining& job, std::span<const Tensor> inputs, std::span<const Tensor> targets,
                 Preparation& preparation, const Logger& log) {
  if (job.scaler.scaler.kind == "none" && !job.scaler.scaler.log) return;
  preparation.input_scaler = Scaler(job.scaler.scaler);
  preparation.input_scaler.fit(inputs);
  for (const std::int64_t c : preparation.input_scaler.constant_columns()) {
    log.warning("the input '" + preparation.inputs[static_cast<std::size_t>(c)] +
                "' is constant in the training part: it carries no information");
  }
  if (!job.scaler.targets || !preparation.classes.empty()) return;
  preparation.target_scaler = Scaler(job.scaler.scaler);
  preparation.target_scaler.fit(targets);
  for (const std::int64_t c : preparation.target_scaler.constant_columns()) {
    log.warning("the target '" + preparation.targets[static_cast<std::size_t>(c)] +
                "' is constant in the training part");
  }
}

// ---- parts ----

struct Parts {
  std::vector<std::int64_t> train, validation, test;
};

Parts cut_parts(const CsvTraining& job, std::int64_t count, const Table& table) {
  std::vector<std::int64_t> order = detail::range(0, count);
  if (job.split.shuffle)
    shuffle_indices(RandomStream(job.training.seed, purpose_key("csv_training.split")), order);
  const auto amount = [&](double wanted) {
    return static_cast<std::int64_t>(std::floor(wanted < 1 ? wanted * static_cast<double>(count) : wanted));
  };
  const std::int64_t test = amount(job.split.test), validation = amount(job.split.validation);
  const std::int64_t train = count - test - validation;
  if (train < 1) {
    throw Error(ErrorKind::data, "no samples are left to train on")
        .where(table.source())
        .seen(std::to_string(count) + " samples, " + std::to_string(validation) + " to validate, " +
              std::to_string(test) + " to test")
        .fix("make validation and test of [split] smaller");
  }
  const auto at = [&](std::int64_t i) { return order.begin() + i; };
  return {{at(0), at(train)}, {at(train), at(train + validation)}, {at(train + validation), at(count)}};
}

void assign_parts(PreparedData& data, const Parts& parts) {
  const auto part = [&](const std::vector<std::int64_t>& indices) -> std::shared_ptr<const Dataset> {
    return indices.empty() ? nullptr : select(data.all, indices);
  };
  data.train = part(parts.train);
  data.validation = part(parts.validation);
  data.test = part(parts.test);
}

SeriesSet series_of(const CsvTraining& job, const Table& table, const Preparation& preparation,
                    const Logger& log) {
  SeriesOptions options{.time = job.data.time,
                        .id = job.data.id,
                        .columns = both(preparation),
                        .missing = job.data.missing,
                        .times = job.data.times,
                        .arrange = job.data.arrange};
  SeriesReport report;
  SeriesSet set = make_series(table, options, &report);
  for (const std::string& note : report.notes()) log.info(note);
  return set;
}

// ---- the three kinds of samples ----

WindowOptions window_options(const CsvTraining& job, const Preparation& preparation) {
  WindowOptions options{.length = job.samples.length,
                        .horizon = job.samples.horizon,
                        .gap = job.samples.gap,
                        .stride = job.samples.stride,
                        .across_gaps = job.samples.across_gaps,
                        .missing = job.data.missing == "mask" ? "mask" : "skip",
                        .scaling = job.samples.scaling};
  for (const std::string& name : preparation.inputs) options.inputs.push_back("input " + name);
  for (const std::string& name : preparation.targets) options.targets.push_back("target " + name);
  return options;
}

/// Inputs and targets as columns of their own, scaled each in its way.
SeriesSet scaled_series(const SeriesSet& set, const Preparation& preparation) {
  SeriesSet out;
  for (const std::string& name : preparation.inputs) out.columns.push_back("input " + name);
  for (const std::string& name : preparation.targets) out.columns.push_back("target " + name);
  for (const Series& series : set.series) {
    const Tensor inputs = take_columns(series.values, set.columns, preparation.inputs);
    const Tensor targets = take_columns(series.values, set.columns, preparation.targets);
    out.series.push_back(
        {series.id, series.times,
         beside(scaled(preparation.input_scaler, inputs), scaled(preparation.target_scaler, targets))});
  }
  return out;
}

std::shared_ptr<const Windows> part_windows(const std::shared_ptr<const SeriesSet>& set,
                                            const WindowOptions& options, const std::vector<RowRange>& ranges,
                                            const char* part) {
  const bool empty = std::all_of(ranges.begin(), ranges.end(), [](RowRange r) { return r.begin >= r.end; });
  if (empty) return nullptr;
  try {
    return std::make_shared<const Windows>(set, options, ranges);
  } catch (Error& error) {
    error.where(std::string("the ") + part + " part");
    throw;
  }
}

void prepare_windows(const CsvTraining& job, const Table& table, const Preparation* known, const Logger& log,
                     PreparedData& data) {
  data.original = std::make_shared<const SeriesSet>(series_of(job, table, data.preparation, log));
  const SeriesSet& set = *data.original;
  TimeSplit split;
  if (known == nullptr) {
    split = split_by_time(set, job.split.validation, job.split.test);
    std::vector<Tensor> inputs, targets;
    for (std::size_t s = 0; s < set.series.size(); ++s) {
      const Tensor rows = set.series[s].values.slice(split.train[s].begin, split.train[s].end);
      inputs.push_back(take_columns(rows, set.columns, data.preparation.inputs));
      targets.push_back(take_columns(rows, set.columns, data.preparation.targets));
    }
    fit_scalers(job, inputs, targets, data.preparation, log);
  }
  const auto scaled_set = std::make_shared<const SeriesSet>(scaled_series(set, data.preparation));
  const WindowOptions options = window_options(job, data.preparation);
  data.windows = std::make_shared<const Windows>(scaled_set, options);
  data.all = data.windows;
  if (data.windows->skipped() > 0) {
    log.info(std::to_string(data.windows->skipped()) + " windows with missing values are left out");
  }
  if (known != nullptr) {
    try {
      split = split_by_time(set, job.split.validation, job.split.test);
    } catch (const Error&) {
      split = {};  // a short table may be predicted though it could not be trained on
    }
  }
  if (!split.train.empty()) {
    data.train = part_windows(scaled_set, options, split.train, "training");
    data.validation = part_windows(scaled_set, options, split.validation, "validation");
    data.test = part_windows(scaled_set, options, split.test, "test");
  }
  data.input = {true, job.samples.length, {static_cast<std::int64_t>(data.preparation.inputs.size())}};
  data.outputs = job.samples.horizon * static_cast<std::int64_t>(data.preparation.targets.size());
}

void refuse_mask(const CsvTraining& job) {
  if (job.data.missing != "mask") return;
  throw Error(ErrorKind::usage, "missing = 'mask' is for windows only")
      .seen("samples of kind '" + job.samples.kind + "'")
      .expected("'error', 'previous' or 'linear'");
}

void prepare_sequences(const CsvTraining& job, const Table& table, const Preparation* known,
                       const Logger& log, PreparedData& data) {
  refuse_mask(job);
  data.original = std::make_shared<const SeriesSet>(series_of(job, table, data.preparation, log));
  const SeriesSet& set = *data.original;
  const Parts parts = cut_parts(job, set.count(), table);
  std::vector<Tensor> inputs, targets;
  for (const Series& series : set.series) {
    inputs.push_back(take_columns(series.values, set.columns, data.preparation.inputs));
    Tensor all = take_columns(series.values, set.columns, data.preparation.targets);
    targets.push_back(job.samples.every_step ? std::move(all) : all.slice(all.dim(0) - 1, all.dim(0)));
  }
  if (known == nullptr) {
    std::vector<Tensor> seen_inputs, seen_targets;
    for (const std::int64_t i : parts.train) {
      seen_inputs.push_back(inputs[static_cast<std::size_t>(i)]);
      seen_targets.push_back(targets[static_cast<std::size_t>(i)]);
    }
    fit_scalers(job, seen_inputs, seen_targets, data.preparation, log);
  }
  data.truth = targets;
  for (Tensor& tensor : inputs) tensor = scaled(data.preparation.input_scaler, tensor).cast(DType::float32);
  for (Tensor& tensor : targets) tensor = scaled(data.preparation.target_scaler, tensor).cast(DType::float32);
  const auto columns = static_cast<std::int64_t>(data.preparation.targets.size());
  Samples target = Samples::ragged(targets);
  if (!job.samples.every_step)
    target = Samples(target.to_padded(Samples::Fill::zero).reshaped({set.count(), columns}));
  data.all = std::make_shared<const ArrayDataset>(Samples::ragged(inputs), std::move(target));
  assign_parts(data, parts);
  data.input = {true, -1, {static_cast<std::int64_t>(data.preparation.inputs.size())}};
  data.outputs = columns;
}

void prepare_rows(const CsvTraining& job, const Table& table, const Preparation* known, const Logger& log,
                  PreparedData& data) {
  refuse_mask(job);
  const std::vector<std::string> names = both(data.preparation);
  const Tensor matrix = table.matrix(names);
  const Tensor raw_targets = take_columns(matrix, names, data.preparation.targets);
  const Tensor inputs =
      fill_missing(take_columns(matrix, names, data.preparation.inputs),
                   parse_missing_policy(job.data.missing), data.preparation.inputs, table.source())
          .values;
  data.truth = {raw_targets};
  const Parts parts = cut_parts(job, table.rows(), table);
  if (known == nullptr) {
    fill_missing(raw_targets, MissingPolicy::error, data.preparation.targets,
                 table.source());  // none may be missing
    const Tensor seen_inputs = inputs.gather(parts.train), seen_targets = raw_targets.gather(parts.train);
    fit_scalers(job, std::span(&seen_inputs, 1), std::span(&seen_targets, 1), data.preparation, log);
  }
  data.all = std::make_shared<const ArrayDataset>(
      Samples(scaled(data.preparation.input_scaler, inputs).cast(DType::float32)),
      Samples(scaled(data.preparation.target_scaler, raw_targets).cast(DType::float32)));
  assign_parts(data, parts);
  data.input = {false, -1, {static_cast<std::int64_t>(data.preparation.inputs.size())}};
  data.outputs = static_cast<std::int64_t>(data.preparation.targets.size());
}

}  // namespace

PreparedData prepare_csv(const CsvTraining& job, const Preparation* known, const Logger& log) {
  return prepare_csv(job, read_csv(job.data_path(), job.data.csv), known, log);
}

PreparedData prepare_csv(const CsvTraining& job, Table table, const Preparation* known, const Logger& log) {
  PreparedData data;
  if (known != nullptr) {
    data.preparation = *known;
  } else {
    data.preparation.targets = job.data.target;
    for (std::string& target : data.preparation.targets) {
      const Column& column = table.column(target);
      target = column.name();
      if (column.is_number()) continue;
      if (job.samples.kind == "windows" || job.data.target.size() > 1)
        table.numbers(target);  // says what is wrong
      data.preparation.classes = words_of(column);
    }
    data.preparation.inputs = input_columns(job, table);
  }
  for (std::string& name : data.preparation.inputs) name = table.column(name).name();
  for (const std::string& name : data.preparation.targets)
    data.truth_known = data.truth_known && table.has(name);
  table = with_number_targets(std::move(table), data.preparation);
  if (job.samples.kind == "windows")
    prepare_windows(job, table, known, log, data);
  else if (job.samples.kind == "sequences")
    prepare_sequences(job, table, known, log, data);
  else
    prepare_rows(job, table, known, log, data);
  return data;
}

void Preparation::archive(tasks::Archive& archive) {
  archive.field("inputs", inputs);
  archive.field("targets", targets);
  archive.field("classes", classes);
  for (auto [name, scaler] :
       {std::pair("input_scaler", &input_scaler), std::pair("target_scaler", &target_scaler)}) {
    Json written = scaler->fitted() ? scaler->to_config() : Json();
    archive.field(name, written);
    if (!archive.reading() || written.is_null()) continue;
    try {
      *scaler = Scaler::from_config(written, name);
    } catch (const Error& error) {
      archive.refuse(name, "cannot be used", error.summary());
    }
  }
}

}  // namespace rondo
