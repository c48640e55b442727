// From the network's outputs back to the table's own units.

#include <algorithm>
#include <cmath>
#include <limits>

#include "tasks/csv_training/samples.h"

namespace rondo {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// The columns of the result, row by row.
class Rows {
 public:
  Rows(const std::string& place, bool with_id, const Preparation& preparation)
      : preparation_(preparation), place_(place), with_id_(with_id), numbers_(targets() * 2), words_(2) {
    probabilities_.resize(preparation.classes.size());
  }

  void begin(std::string_view id, std::string_view place) {
    if (with_id_) ids_.push_back(id);
    places_.push_back(place);
  }
  void add_numbers(std::size_t target, double truth, double predicted) {
    numbers_[2 * target].push_back(truth);
    numbers_[2 * target + 1].push_back(predicted);
  }
  /// One probability a class; or one number for the second of two classes.
  void add_class(double truth, std::span<const double> outputs) {
    const std::vector<std::string>& classes = preparation_.classes;
    std::vector<double> p(outputs.begin(), outputs.end());
    if (p.size() == 1 && classes.size() == 2) p = {1 - p[0], p[0]};
    p.resize(classes.size(), 0.0);
    const auto best = static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin());
    words_[0].push_back(std::isnan(truth) ? std::string_view() : classes.at(static_cast<std::size_t>(truth)));
    words_[1].push_back(classes.at(best));
    for (std::size_t c = 0; c < p.size(); ++c) probabilities_[c].push_back(p[c]);
  }

  Table table(const std::string& id) && {
    Table out("predictions");
    if (with_id_) out.add(Column(id.empty() ? "series" : id, std::move(ids_)));
    out.add(Column(place_, std::move(places_)));
    for (std::size_t t = 0; t < targets(); ++t) {
      const std::string& name = preparation_.targets[t];
      if (preparation_.classes.empty()) {
        out.add(Column(name, std::move(numbers_[2 * t])));
        out.add(Column(name + "_predicted", std::move(numbers_[2 * t + 1])));
      } else {
        out.add(Column(name, std::move(words_[0])));
        out.add(Column(name + "_predicted", std::move(words_[1])));
      }
    }
    for (std::size_t c = 0; c < probabilities_.size(); ++c) {
      out.add(Column("p_" + preparation_.classes[c], std::move(probabilities_[c])));
    }
    return out;
  }

 private:
  std::size_t targets() const { return preparation_.targets.size(); }

  const Preparation& preparation_;
  std::string place_;
  bool with_id_;
  TextList ids_, places_;
  std::vector<std::vector<double>> numbers_;
  std::vector<TextList> words_;
  std::vector<std::vector<double>> probabilities_;
};

double unscaled(const Preparation& preparation, double value, std::size_t target) {
  return preparation.scales_targets()
             ? preparation.target_scaler.inverse(value, static_cast<std::int64_t>(target))
             : value;
}

std::vector<std::size_t> target_columns(const PreparedData& data) {
  std::vector<std::size_t> out;
  for (const std::string& name : data.preparation.targets) {
    out.push_back(static_cast<std::size_t>(data.original->column(name)));
  }
  return out;
}

Table window_table(const CsvTraining& job, const PreparedData& data, const Samples& predictions,
                   const std::vector<Tensor>& last) {
  const Windows& windows = *data.windows;
  const std::size_t targets = data.preparation.targets.size();
  const auto horizon = static_cast<std::size_t>(job.samples.horizon);
  const std::vector<std::size_t> columns = target_columns(data);
  Rows rows(job.data.time.empty() ? "row" : job.data.time, !job.data.id.empty(), data.preparation);
  // Windows of all series stand one series after the other; what lies past a series' end follows its windows.
  std::int64_t window = 0;
  for (std::size_t s = 0; s < data.original->series.size(); ++s) {
    const Series& series = data.original->series[s];
    const std::size_t width = data.original->columns.size();
    for (; window < windows.size() && windows.place(window).series == static_cast<std::int64_t>(s);
         ++window) {
      const RowRange target = windows.target_rows(window);
      for (std::size_t h = 0; h < horizon; ++h) {
        const auto row = static_cast<std::size_t>(target.begin) + h;
        rows.begin(series.id, series.times.text(static_cast<std::int64_t>(row)));
        for (std::size_t t = 0; t < targets; ++t) {
          const double raw =
              predictions.values().at(window * data.outputs + static_cast<std::int64_t>(h * targets + t));
          const double value = windows.target_scale(window, static_cast<std::int64_t>(t)).inverse(raw);
          const double truth = series.values.at(static_cast<std::int64_t>(row * width + columns[t]));
          rows.add_numbers(t, data.truth_known ? truth : kUnknown, unscaled(data.preparation, value, t));
        }
      }
    }
    if (s >= last.size() || last[s].empty()) continue;
    const Timeline next = series.times.next(job.samples.gap + job.samples.horizon);
    for (std::size_t h = 0; h < horizon; ++h) {
      rows.begin(series.id, next.text(job.samples.gap + static_cast<std::int64_t>(h)));
      for (std::size_t t = 0; t < targets; ++t) {
        const WindowScale scale =
            windows.last_scale(static_cast<std::int64_t>(s), static_cast<std::int64_t>(t));
        const double value = scale.inverse(last[s].at(static_cast<std::int64_t>(h * targets + t)));
        rows.add_numbers(t, kUnknown, unscaled(data.preparation, value, t));
      }
    }
  }
  return std::move(rows).table(job.data.id);
}

/// One row of outputs for one row of truth, which is in the table's units already.
void add_sample(Rows& rows, const PreparedData& data, std::span<const double> outputs,
                std::span<const double> truth) {
  const auto known = [&](std::size_t t) { return data.truth_known ? truth[t] : kUnknown; };
  if (!data.preparation.classes.empty()) {
    rows.add_class(known(0), outputs);
    return;
  }
  for (std::size_t t = 0; t < truth.size(); ++t) {
    rows.add_numbers(t, known(t), unscaled(data.preparation, outputs[t], t));
  }
}

std::vector<double> row_of(const Tensor& values, std::int64_t row) {
  const std::int64_t width = values.dim(-1);
  std::vector<double> out;
  for (std::int64_t c = 0; c < width; ++c) out.push_back(values.at(row * width + c));
  return out;
}

Table sample_table(const CsvTraining& job, const PreparedData& data, const Samples& predictions) {
  const bool sequences = job.samples.kind == "sequences";
  Rows rows(sequences && !job.samples.every_step  ? "steps"
            : sequences && !job.data.time.empty() ? job.data.time
                                                  : "row",
            sequences, data.preparation);
  for (std::int64_t i = 0; i < data.all->size(); ++i) {
    const Tensor outputs = predictions.sample(i);
    const Tensor& truth = data.truth[sequences ? static_cast<std::size_t>(i) : 0];
    if (!sequences) {
      rows.begin("", std::to_string(i + 1));
      add_sample(rows, data, row_of(outputs, 0), row_of(truth, i));
      continue;
    }
    const Series& series = data.original->series[static_cast<std::size_t>(i)];
    if (!job.samples.every_step) {
      rows.begin(series.id, std::to_string(series.length()));
      add_sample(rows, data, row_of(outputs, 0), row_of(truth, 0));
      continue;
    }
    for (std::int64_t t = 0; t < series.length(); ++t) {
      rows.begin(series.id, series.times.text(t));
      add_sample(rows, data, row_of(outputs, t), row_of(truth, t));
    }
  }
  return std::move(rows).table(job.data.id);
}

}  // namespace

Table prediction_table(const CsvTraining& job, const PreparedData& data, const Samples& predictions,
                       const std::vector<Tensor>& last) {
  return data.windows ? window_table(job, data, predictions, last) : sample_table(job, data, predictions);
}

}  // namespace rondo
