#include "tasks/check/forecast_leaks.h"

#include <algorithm>

#include "base/index_range.h"
#include "rondo/base/error.h"

namespace rondo::checking {

namespace {

constexpr std::int64_t kMaxSamples = 400, kMaxRows = 20'000;

/// Numbers of scalers and every k-th training sample.
void add_learnt(const PreparedData& data, LeakTrace& trace) {
  const auto scaler = [&](const char* name, const Scaler& one) {
    LeakTrace::Fitted fitted{name, {one.shift().begin(), one.shift().end()}};
    fitted.values.insert(fitted.values.end(), one.scale().begin(), one.scale().end());
    if (!fitted.values.empty()) trace.fitted.push_back(std::move(fitted));
  };
  scaler("the scaler of the inputs", data.preparation.input_scaler);
  scaler("the scaler of the targets", data.preparation.target_scaler);
  const std::int64_t count = data.train->size(), stride = std::max<std::int64_t>(1, count / kMaxSamples);
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = count - 1; i >= 0; i -= stride)
    chosen.push_back(i);  // the last ones are near the border
  const Batch samples = data.train->gather(chosen, DType::float64);
  LeakTrace::Fitted fitted{"the training samples", {}};
  const auto add = [&](const std::vector<Samples>& batches) {
    for (const Samples& batch : batches) {
      for (std::int64_t i = 0; i < batch.values().size(); ++i) fitted.values.push_back(batch.values().at(i));
    }
  };
  add(samples.inputs);
  add(samples.targets);
  trace.fitted.push_back(std::move(fitted));
}

/// The last input row of every window (or every row, of rows), as the network would see it.
void add_inputs(const PreparedData& data, const std::vector<std::int64_t>& moments, LeakTrace& trace) {
  for (const std::string& name : data.preparation.inputs) trace.columns.push_back("input " + name);
  const auto width = static_cast<std::int64_t>(trace.columns.size());
  constexpr std::int64_t kAtOnce = 256;
  for (std::int64_t begin = 0; begin < data.all->size(); begin += kAtOnce) {
    const std::vector<std::int64_t> chosen =
        detail::range(begin, std::min(begin + kAtOnce, data.all->size()));
    const Batch samples = data.all->gather(chosen, DType::float64);
    const Tensor inputs = data.windows ? samples.inputs.at(0).to_padded() : samples.inputs.at(0).values();
    const std::int64_t each = inputs.size() / static_cast<std::int64_t>(chosen.size());
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const std::int64_t row = data.windows ? data.windows->input_rows(chosen[i]).end - 1 : chosen[i];
      trace.last_known.push_back(moments[static_cast<std::size_t>(row)]);
      const std::int64_t end = (static_cast<std::int64_t>(i) + 1) * each;
      for (std::int64_t c = end - width; c < end; ++c) trace.values.push_back(inputs.at(c));
    }
  }
}

}  // namespace

LeakReport find_job_leaks(const CsvTraining& job, const Table& table, const PreparedData& data) {
  const bool by_time = job.samples.kind == "windows" || (job.samples.kind == "rows" && !job.split.shuffle);
  const bool one_series = !data.original || data.original->count() == 1;
  const bool numbers = data.preparation.classes.empty();
  LeakReport none;
  if (!by_time || !one_series || !numbers || !data.train) {
    none.not_tried.emplace_back("the parts are not parts of one series");
    return none;
  }
  if (table.rows() > kMaxRows) {
    none.not_tried.emplace_back("the table is too long");
    return none;
  }
  // Rows of the series (sorted, gaps filled) are counted as moments only where they are rows of the table.
  const std::int64_t rows = data.original ? data.original->series.front().length() : table.rows();
  if (rows != table.rows()) {
    none.not_tried.emplace_back("rows were inserted or dropped");
    return none;
  }
  const std::vector<std::int64_t> moments = detail::range(0, rows);

  LeakOptions options;
  options.time = job.data.time;
  options.times = job.data.times;
  if (data.windows) {
    options.training = split_by_time(*data.original, job.split.validation, job.split.test).train.front().end;
  } else {
    options.training = data.train->size();
  }
  if (options.training >= rows) return none;
  const auto pipeline = [&](const Table& changed) {
    if (changed.rows() < rows)
      throw Error(ErrorKind::data, "the parts are shares of the rows that there are");
    const PreparedData prepared = prepare_csv(job, changed, nullptr, Logger(LogLevel::off));
    LeakTrace trace;
    add_learnt(prepared, trace);
    add_inputs(prepared, moments, trace);
    return trace;
  };
  return find_leaks(table, pipeline, options);
}

}  // namespace rondo::checking
