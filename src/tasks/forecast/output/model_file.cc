#include "tasks/forecast/output/model_file.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "rondo/base/error.h"
#include "rondo/model/network.h"
#include "tasks/forecast/intervals/backtest_bands.h"
#include "tasks/forecast/networks/recursive_data.h"
#include "tasks/forecast/output/model_json.h"
#include "train/fit/checkpoint.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kColumnNumbers = 4, kLevelNumbers = 9;

std::int64_t length(const auto& list) { return static_cast<std::int64_t>(list.size()); }

// Numbers of a scale, one after another, into a file and out of it: `number(double&)` for each.

void visit_flag(auto& flag, auto&& number) {
  double as_number = flag ? 1 : 0;
  number(as_number);
  if constexpr (!std::is_const_v<std::remove_reference_t<decltype(flag)>>) flag = as_number != 0;
}

void visit_column(auto& column, auto&& number) {
  visit_flag(column.logarithm, number);
  number(column.unit);
  number(column.mean);
  number(column.deviation);
}

void visit_series(auto& series, auto&& number) {
  number(series.level.center);
  number(series.level.scale);
  number(series.smallest);
  visit_flag(series.guard.active, number);
  number(series.guard.median);
  number(series.guard.reach);
  number(series.guard.step);
  number(series.floor);
  number(series.unit);
  visit_column(series.compressed, number);
  for (auto& place : series.seasonal.by_place) number(place);
  for (auto& column : series.past) visit_column(column, number);
  for (auto& column : series.known) visit_column(column, number);
}

void put(TensorFile& file, const std::string& name, const std::vector<double>& values, const Shape& shape) {
  file.tensors.emplace_back("forecast/" + name, Tensor::from(std::span<const double>(values), shape));
}

void put_scaling(TensorFile& file, const PanelScaling& scaling) {
  std::vector<double> numbers;
  const auto append = [&](double value) { numbers.push_back(value); };
  for (const SeriesScaling& series : scaling.series) visit_series(series, append);
  const std::int64_t count = length(scaling.series);
  put(file, "scales", numbers, {count, count == 0 ? 0 : length(numbers) / count});
  numbers.clear();
  for (const ColumnScale& column : scaling.statics) visit_column(column, append);
  put(file, "static_scales", numbers, {length(scaling.statics), kColumnNumbers});
}

void put_bands(TensorFile& file, const ForecastResult::Model& model) {
  std::vector<double> low, high;
  for (const BandOffsets& offsets : model.bands) {
    low.insert(low.end(), offsets.low.begin(), offsets.low.end());
    high.insert(high.end(), offsets.high.begin(), offsets.high.end());
  }
  const Shape shape{length(model.bands), model.horizon(), length(band_levels())};
  put(file, "bands.low", low, shape);
  put(file, "bands.high", high, shape);
}

class ModelReader {
 public:
  ModelReader(const TensorFile& file, std::string where) : file_(file), where_(std::move(where)) {}

  ForecastResult::Model take() {
    ForecastResult::Model model;
    const Json data = detail::take_json(file_, "forecast", where_);
    try {
      read_forecaster(data, model);
    } catch (const Error& error) {
      refuse("the description of the forecaster cannot be used", error.what(), "as rondo forecast writes it");
    }
    take_scaling(model);
    take_line(model);
    take_bands(model);
    take_network(model);
    return model;
  }

 private:
  [[noreturn]] void refuse(const std::string& what, const std::string& seen,
                           const std::string& expected) const {
    throw Error(ErrorKind::model_file, what)
        .where(where_)
        .seen(seen)
        .expected(expected)
        .fix("the file is damaged or comes from another version: make or fetch it again");
  }

  std::vector<double> numbers(const std::string& name, const Shape& shape) const {
    const Tensor* tensor = file_.find("forecast/" + name);
    if (tensor == nullptr || tensor->shape() != shape || tensor->dtype() != DType::float64) {
      refuse("an array of the forecaster is missing or has another shape",
             tensor == nullptr ? "no '" + name + "'" : name + " " + to_string(tensor->shape()),
             to_string(shape));
    }
    const auto values = tensor->data<double>();
    if (!std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); }))
      refuse("an array of the forecaster holds no numbers", name + ": NaN or infinity", "finite numbers");
    return {values.begin(), values.end()};
  }

  void take_scaling(ForecastResult::Model& model) const {
    const Encodings& encodings = model.preparation.encodings;
    const std::int64_t count = length(model.preparation.series);
    const std::int64_t columns = length(encodings.past_names) + length(encodings.known_names);
    const std::int64_t places = std::llround(model.scaling.series.front().seasonal.season);
    const std::vector<double> all =
        numbers("scales", {count, kLevelNumbers + places + kColumnNumbers * (1 + columns)});
    std::size_t next = 0;
    const auto into = [&](const std::vector<double>& from) {
      return [&next, &from](double& number) { number = from[next++]; };
    };
    for (SeriesScaling& series : model.scaling.series) {
      series.level.transform = model.scaling.transform;
      series.seasonal.by_place.resize(static_cast<std::size_t>(places));
      series.past.resize(encodings.past_names.size());
      series.known.resize(encodings.known_names.size());
      visit_series(series, into(all));
    }
    const std::vector<double> statics =
        numbers("static_scales", {length(encodings.static_names), kColumnNumbers});
    model.scaling.statics.resize(encodings.static_names.size());
    next = 0;
    for (ColumnScale& column : model.scaling.statics) visit_column(column, into(statics));
  }

  void take_line(ForecastResult::Model& model) const {
    const LineLayout& layout = model.line.layout;
    const Encodings& encodings = model.preparation.encodings;
    if (layout.covariates != length(encodings.past_names) || layout.known != length(encodings.known_names) ||
        layout.known_steps > model.horizon()) {
      refuse("the line does not fit the columns",
             std::to_string(layout.covariates) + " covariates, " + std::to_string(layout.known) +
                 " known for " + std::to_string(layout.known_steps) + " rows ahead",
             std::to_string(encodings.past_names.size()) + ", " +
                 std::to_string(encodings.known_names.size()) + " and at most " +
                 std::to_string(model.horizon()));
    }
    const Tensor* weights = file_.find("forecast/line.weights");
    if (weights == nullptr || weights->rank() != 2 || weights->dim(0) != layout.columns()) {
      refuse("the line's weights are missing or have another shape",
             weights == nullptr ? "none" : to_string(weights->shape()),
             std::to_string(layout.columns()) + " rows");
    }
    model.line.map.weights = numbers("line.weights", {layout.columns(), model.horizon()});
    model.line.map.intercept = numbers("line.intercept", {model.horizon()});
  }

  void take_bands(ForecastResult::Model& model) const {
    const std::vector<double> levels = band_levels();
    const Shape shape{length(model.preparation.series), model.horizon(), length(levels)};
    const std::vector<double> low = numbers("bands.low", shape), high = numbers("bands.high", shape);
    const auto width = static_cast<std::size_t>(model.horizon()) * levels.size();
    for (std::size_t s = 0; s < model.preparation.series.size(); ++s) {
      BandOffsets offsets;
      offsets.levels = levels;
      const auto begin = static_cast<std::ptrdiff_t>(s * width),
                 end = begin + static_cast<std::ptrdiff_t>(width);
      offsets.low.assign(low.begin() + begin, low.begin() + end);
      offsets.high.assign(high.begin() + begin, high.begin() + end);
      model.bands.push_back(std::move(offsets));
    }
  }

  void take_network(ForecastResult::Model& model) const {
    NetworkPart& part = model.network;
    Network network;
    try {
      network = Network::from_spec(detail::take_json(file_, "spec", where_));
      check_declared(network);
      network.build(0);
    } catch (const Error& error) {
      refuse("the network of the forecaster cannot be built", error.what(), "a network as training makes it");
    }
    detail::take_network(file_, network, where_);
    const std::int64_t members = model.preparation.options.ensemble;
    if (part.segments) {
      const SegmentWindow& window = part.segments->window;
      part.segments->horizon = model.horizon();
      check_inputs(network, {ValueShape{true, window.steps, {window.step_features()}},
                             ValueShape{true, window.out_steps, {window.decoder_features()}},
                             ValueShape{false, -1, {window.line_features()}}});
      check_outputs(network, members, false, part.segments->head.parameters() * window.out_rows());
      check_window(model, window, length(model.preparation.encodings.past_names));
      part.segments->network = std::move(network);
    } else if (part.recursive) {
      const SegmentWindow& window = part.recursive->window;
      part.recursive->horizon = model.horizon();
      check_inputs(network, {ValueShape{true, -1, {recursive_features(window)}}});
      check_outputs(network, members, true, part.recursive->options.head.parameters());
      check_window(model, window, 0);  // covariates of the past have no place in a recurrence
      check_recurrence(network, *part.recursive);
      part.recursive->network = std::move(network);
    } else {
      const WindowInput& input = part.residual->input;
      check_inputs(network, {ValueShape{true, input.steps, {input.features()}}});
      check_outputs(network, members, false, model.horizon());
      if (input.covariates != length(model.preparation.encodings.past_names)) {
        refuse("the network's window does not fit the columns", "other covariates", "those of the table");
      }
      part.residual->network = std::move(network);
    }
  }

  /// Before memory is taken for them: the arrays of the network are those of the file.
  void check_declared(Network& network) const {
    ParameterStore declared(DType::float32);
    for (const Layer* layer : network.layers())
      network.find_layer(layer->name())->declare(declared, layer->name() + ".");
    for (const ParameterInfo& info : declared.infos()) {
      const Tensor* tensor = file_.find(info.name);
      if (tensor != nullptr && tensor->shape() == info.shape) continue;
      refuse("an array of the network is missing or has another shape",
             tensor == nullptr ? "no '" + info.name + "'" : info.name + " " + to_string(tensor->shape()),
             to_string(info.shape));
    }
  }

  /// Members step alone, through networks of the same layers that are made when they are needed.
  void check_recurrence(Network& network, const RecursiveModel& model) const {
    const Layer* cell = network.find_layer("recursive_1");
    const bool fits =
        cell != nullptr && cell->config().at("units").as_integer() == model.options.units &&
        to_json(make_recursive_network(model.window, model.options).spec()) == to_json(network.spec());
    if (!fits) refuse("the network is not the one of its description", "other layers", "as trained");
  }

  /// `past`: covariates of the past that the window holds.
  void check_window(const ForecastResult::Model& model, const SegmentWindow& window,
                    std::int64_t past) const {
    const Encodings& encodings = model.preparation.encodings;
    const std::int64_t count = length(model.preparation.series);
    const bool fits = window.past == past && window.known == length(encodings.known_names) &&
                      window.statics == length(encodings.static_names) &&
                      window.out_rows() >= model.horizon() &&
                      (window.spreads.empty() || length(window.spreads) == count) &&
                      (window.codes == 0 || window.codes == count);
    if (!fits)
      refuse("the network's window does not fit the columns and series", "another window", "as trained");
  }

  void check_inputs(const Network& network, const std::vector<ValueShape>& inputs) const {
    bool fits = network.input_count() == inputs.size();
    for (std::size_t i = 0; fits && i < inputs.size(); ++i) fits = network.input_spec(i) == inputs[i];
    if (!fits) refuse("the network's inputs do not fit its window", "other inputs", "as trained");
  }

  void check_outputs(const Network& network, std::int64_t members, bool sequence,
                     std::int64_t features) const {
    bool fits = static_cast<std::int64_t>(network.output_count()) == members;
    for (std::size_t i = 0; fits && i < network.output_count(); ++i) {
      const ValueShape& output = network.output_spec(i);
      fits = output.sequence == sequence && output.features == Shape{features};
    }
    if (!fits) refuse("the network's outputs do not fit the horizon", "other outputs", "as trained");
  }

  const TensorFile& file_;
  std::string where_;
};

}  // namespace

TensorFile put_forecaster(const ForecastResult::Model& model) {
  TensorFile file;
  detail::put_network(file, model.network.network());
  const std::int64_t steps = model.horizon(), columns = model.line.layout.columns();
  put(file, "line.weights", model.line.map.weights, {columns, steps});
  put(file, "line.intercept", model.line.map.intercept, {steps});
  put_bands(file, model);
  put_scaling(file, model.scaling);
  file.metadata.emplace_back("forecast", to_json(write_forecaster(model)));
  return file;
}

ForecastResult::Model take_forecaster(const TensorFile& file, const std::string& where) {
  const std::string* format = file.find_metadata("format");
  if (format == nullptr || *format != detail::kFormatName || file.find_metadata("forecast") == nullptr) {
    throw Error(ErrorKind::model_file, "this is no model of a forecast")
        .where(where)
        .seen(format == nullptr ? "no format" : "format '" + *format + "' without a forecaster")
        .expected("model.rondo as rondo forecast writes it")
        .fix("name the file that rondo forecast has put into its folder");
  }
  try {
    return ModelReader(file, where).take();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::model_file) throw;
    throw Error(ErrorKind::model_file, "the description of the forecaster cannot be used")
        .where(where)
        .seen(error.what())
        .fix("the file is damaged or comes from another version: make or fetch it again");
  }
}

}  // namespace rondo::forecasting
