// The job file: reading, checking, writing.

#include <filesystem>

#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/base/pool.h"
#include "rondo/layers/layers.h"
#include "rondo/tasks/csv_training.h"
#include "rondo/train/metrics.h"
#include "rondo/train/objective.h"
#include "rondo/train/optimizers.h"

namespace rondo {
namespace {

struct Range {
  double low, high;
};
constexpr double kNoLimit = 1e15;

class Checker {
 public:
  explicit Checker(const ConfigFile& file) : file_(file) {}

  void one_of(const char* path, const std::string& value, const std::vector<std::string>& choices) const {
    file_.with_place(path, [&] {
      detail::place_among(choices, value, "'" + std::string(path) + "' has an unknown value");
    });
  }

  void in_range(const char* path, double value, Range range) const {
    if (value >= range.low && value <= range.high) return;  // NaN fails both
    throw Error(ErrorKind::usage, "'" + std::string(path) + "' is out of range")
        .where(file_.place(path))
        .seen(to_json(Json(value)))
        .expected("at least " + to_json(Json(range.low)) +
                  (range.high < kNoLimit ? ", at most " + to_json(Json(range.high)) : ""));
  }

  void not_empty(const char* path, bool empty, const char* example) const {
    if (!empty) return;
    throw Error(ErrorKind::usage, "'" + std::string(path) + "' is not given")
        .where(file_.where())
        .expected(example);
  }

 private:
  const ConfigFile& file_;
};

/// The layers of [model], each checked by making it once.
Json read_layers(const ConfigFile& file) {
  const Json* model = file.root().find("model");
  const auto missing = [&] {
    throw Error(ErrorKind::usage, "the file describes no layers")
        .where(file.place("model"))
        .expected("[[model.layers]] tables, such as type = \"lstm\" and units = 32, from the input up");
  };
  if (!model) missing();
  file.with_place("model", [&] { model->as_object("model"); });
  for (const auto& entry : model->as_object()) {
    const std::string& key = entry.first;
    if (key != "layers")
      file.with_place("model." + key, [&] { detail::throw_unknown_key(key, "model", {"layers"}); });
  }
  const Json* layers = model->find("layers");
  if (!layers) missing();
  const auto& list = file.with_place(
      "model.layers", [&]() -> const Json::Array& { return layers->as_array("model.layers"); });
  if (list.empty()) missing();
  Json out = Json::array();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string path = "model.layers[" + std::to_string(i) + "]";
    file.with_place(path, [&] {
      list[i].as_object(path);
      make_layer(list[i], path);
    });
    out.push_back(list[i]);
  }
  return out;
}

void check(const CsvTraining& job, const ConfigFile& file) {
  const Checker check(file);
  check.not_empty("data.file", job.data.file.empty(), "file = \"table.csv\" in [data]");
  check.not_empty("data.target", job.data.target.empty(), "target = [\"column\"] in [data]");
  check.one_of("data.missing", job.data.missing, {"error", "previous", "linear", "mask"});
  check.one_of("samples.kind", job.samples.kind, {"windows", "sequences", "rows"});
  check.one_of("samples.scaling", job.samples.scaling, {"none", "last", "last_std", "mean_std", "mean_abs"});
  check.one_of("scaler.kind", job.scaler.scaler.kind, {"none", "standard", "min_max", "robust"});
  check.in_range("samples.length", static_cast<double>(job.samples.length), {1, 1e6});
  check.in_range("samples.horizon", static_cast<double>(job.samples.horizon), {1, 1e5});
  check.in_range("samples.gap", static_cast<double>(job.samples.gap), {0, 1e6});
  check.in_range("samples.stride", static_cast<double>(job.samples.stride), {1, 1e6});
  check.in_range("split.validation", job.split.validation, {0, kNoLimit});
  check.in_range("split.test", job.split.test, {0, kNoLimit});
  check.in_range("training.epochs", static_cast<double>(job.training.epochs), {1, 1e9});
  check.in_range("training.batch_size", static_cast<double>(job.training.batch_size), {1, 1e9});
  check.in_range("training.patience", static_cast<double>(job.training.patience), {0, 1e9});
  check.in_range("training.reduce_patience", static_cast<double>(job.training.reduce_patience), {0, 1e9});
  check.in_range("training.reduce_factor", job.training.reduce_factor, {1e-6, 1});
  check.in_range("training.threads", static_cast<double>(job.training.threads),
                 {0, static_cast<double>(Pool::most_threads())});
  check.in_range("training.checkpoint_batches", static_cast<double>(job.training.checkpoint_batches),
                 {0, 1e9});
  check.not_empty("output.folder", job.output.folder.empty(), "folder = \"run\" in [output]");
  if (job.samples.kind == "sequences") {
    check.not_empty("data.id", job.data.id.empty(), "id = \"column of sequence ids\" in [data]");
  }
  file.with_place("training.loss", [&] { make_objective(job.training.loss); });
  file.with_place("training.optimizer", [&] { make_optimizer(job.training.optimizer); });
  file.with_place("training.metrics", [&] {
    for (const Json& metric : job.training.metrics.as_array("training.metrics")) make_metric(metric);
  });
}

std::string resolve(const std::string& base, const std::string& path) {
  if (base.empty() || std::filesystem::path(path).is_absolute()) return path;
  return (std::filesystem::path(base) / path).string();
}

}  // namespace

std::string CsvTraining::data_path() const { return resolve(base, data.file); }

std::string CsvTraining::output_path(const std::string& name) const {
  return resolve(base, (std::filesystem::path(output.folder) / name).string());
}

std::string CsvTraining::model_path() const { return model.empty() ? output_path("model.rondo") : model; }

/// Calls section(name, options, what it is) for every section of a job but [model].
template <class Job, class F>
static void each_section(Job& job, F&& section) {
  section("data", job.data, "The table.");
  section("samples", job.samples, "What one sample is.");
  section("split", job.split, "Which samples train, validate and test.");
  section("scaler", job.scaler, "Fitted on the training part only; undone on predictions.");
  section("training", job.training, "How the network learns.");
  section("output", job.output, "What is written where.");
}

CsvTraining read_csv_training(const ConfigFile& file) {
  file.check_sections({"data", "samples", "split", "scaler", "model", "training", "output"});
  CsvTraining job;
  each_section(job, [&](const char* name, auto& options, const char*) { file.read_section(options, name); });
  job.layers = read_layers(file);
  job.source = file.where();
  job.base = std::filesystem::path(file.where()).parent_path().string();
  check(job, file);
  return job;
}

namespace {

/// What the options of the commonest layers mean.
void add_layer_comments(TomlComments& comments, const std::string& path, const std::string& type) {
  if (type == "lstm" || type == "gru" || type == "simple_rnn")
    add_comments(comments, path, list_options<RecurrentOptions>());
  if (type == "dense") add_comments(comments, path, list_options<DenseOptions>());
  if (type == "dropout") add_comments(comments, path, list_options<DropoutOptions>());
}

}  // namespace

std::string to_toml(const CsvTraining& job) {
  Json layers = Json::array();
  TomlComments comments;
  for (const Json& given : job.layers.as_array()) {
    Json spec = layer_spec(*make_layer(given));  // every option of the layer, not only those given
    if (const Json* name = spec.find("name"); name && name->is_string() && name->as_string().empty())
      spec.erase("name");
    const std::string path = "model.layers[" + std::to_string(layers.as_array().size()) + "]";
    add_layer_comments(comments, path, spec.at("type").as_string());
    layers.push_back(std::move(spec));
  }
  comments[""] =
      "A network on a CSV table: rondo train, rondo evaluate and rondo predict read this file.\n"
      "All settings with their values; one that is left out keeps the default shown.";
  comments["model"] = "The layers, from the input up.";
  Json root = Json::object();
  each_section(job, [&](const std::string& name, const auto& options, const char* what) {
    if (name == "training") root.set("model", Json::object({{"layers", layers}}));
    root.set(name, to_config(options));
    comments[name] = what;
    add_comments(comments, name, list_options<std::remove_cvref_t<decltype(options)>>());
  });
  return to_toml(root, comments);
}

}  // namespace rondo
