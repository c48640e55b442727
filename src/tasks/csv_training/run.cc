// The jobs themselves: train, evaluate, predict.

#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>

#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"
#include "rondo/base/pool.h"
#include "rondo/base/run_files.h"
#include "rondo/model/network.h"
#include "rondo/train/training.h"
#include "tasks/common/model_file.h"
#include "tasks/csv_training/samples.h"

namespace rondo {
namespace {

constexpr const char* kModelFile = "model.rondo";
constexpr const char* kCheckpointFile = "checkpoint.rondo";
constexpr const char* kHistoryFile = "history.csv";
constexpr const char* kConfigFile = "config.toml";

/// A network with its trainer, built for the job.
struct Machine {
  Machine(const CsvTraining& job, Network the_network)
      : pool(job.training.threads),
        network(std::move(the_network)),
        trainer(network, compile_options(job), &pool) {}

  static CompileOptions compile_options(const CsvTraining& job) {
    CompileOptions options{.optimizer = job.training.optimizer,
                           .loss = job.training.loss,
                           .metrics = job.training.metrics.as_array()};
    return options;
  }

  Pool pool;
  Network network;
  Trainer trainer;
};

FitOptions fit_options(const CsvTraining& job, const PreparedData& data, const RunControls& controls) {
  FitOptions options{.batch_size = job.training.batch_size,
                     .epochs = job.training.epochs,
                     .validation_data = data.validation.get(),
                     .shuffle = job.training.shuffle,
                     .seed = job.training.seed,
                     .run = controls};
  options.run.checkpoint = job.output_path(kCheckpointFile);
  options.run.checkpoint_every_batches = job.training.checkpoint_batches;

  const std::string monitor = data.validation ? "val_loss" : "loss";
  if (job.training.reduce_patience > 0) {
    ReduceLrOnPlateauOptions reduce{
        .monitor = monitor, .factor = job.training.reduce_factor, .patience = job.training.reduce_patience};
    options.callbacks.push_back(std::make_shared<ReduceLrOnPlateau>(reduce));
  }
  if (job.training.patience > 0) {
    EarlyStoppingOptions stopping{.monitor = monitor,
                                  .min_delta = job.training.min_delta,
                                  .patience = job.training.patience,
                                  .restore_best_weights = true};
    options.callbacks.push_back(std::make_shared<EarlyStopping>(stopping));
  }
  options.callbacks.push_back(std::make_shared<CsvLogger>(job.output_path(kHistoryFile)));
  if (job.training.tensorboard)
    options.callbacks.push_back(std::make_shared<TensorBoard>(job.output_path("tensorboard")));
  return options;
}

void make_output_folder(const std::string& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (!failure && std::filesystem::is_directory(folder, failure)) return;
  throw Error(ErrorKind::resources, "cannot create the output folder")
      .where(folder)
      .seen(failure ? failure.message() : "a file of that name")
      .fix("choose another folder in [output]");
}

std::int64_t size_of(const std::shared_ptr<const Dataset>& data) { return data ? data->size() : 0; }

/// Mean absolute and root mean squared error in the table's own units, over predictions whose truth is known.
void add_errors(NamedValues& values, const Table& predictions, const Preparation& preparation) {
  if (!preparation.classes.empty()) return;
  for (const std::string& target : preparation.targets) {
    const auto truth = predictions.numbers(target), seen = predictions.numbers(target + "_predicted");
    double absolute = 0, squared = 0, count = 0;
    for (std::size_t i = 0; i < truth.size(); ++i) {
      const double error = seen[i] - truth[i];
      if (std::isnan(error)) continue;
      absolute += std::abs(error), squared += error * error, count += 1;
    }
    const std::string suffix = preparation.targets.size() > 1 ? "_" + target : "";
    if (count > 0) values.emplace_back("table_mae" + suffix, absolute / count);
    if (count > 0) values.emplace_back("table_rmse" + suffix, std::sqrt(squared / count));
  }
}

NamedValues judge(Machine& machine, const CsvTraining& job, PreparedData data,
                  const std::shared_ptr<const Dataset>& part) {
  NamedValues values = machine.trainer.evaluate(*part, {.batch_size = job.training.batch_size});
  if (data.windows) {  // the table of one part needs that part's windows
    data.all = part;
    data.windows = std::static_pointer_cast<const Windows>(part);
    const Samples predictions = machine.trainer.predict(*part, {.batch_size = job.training.batch_size}).at(0);
    add_errors(values, prediction_table(job, data, predictions, {}), data.preparation);
  }
  return values;
}

/// What model.rondo holds: enough to predict without any other file. `config`: the job as TOML.
void archive_model(tasks::Archive& archive, Network& network, Preparation& preparation, std::string& config) {
  tasks::archive_network(archive, network);
  archive.section("preparation", [&] { preparation.archive(archive); });
  archive.section("csv_training", [&] {
    archive.version(1);
    archive.field("config", config);
  });
}

void save_model(AtomicFiles& files, const CsvTraining& job, Preparation preparation, Network& network) {
  CsvTraining kept = job;  // without what says where and how fast
  kept.data.file = std::filesystem::path(job.data.file).filename().string();
  kept.output = {};
  kept.training.threads = 0;
  kept.training.checkpoint_batches = 0;
  std::string config = to_toml(kept);
  tasks::save_model_file(files, job.model_path(), [&](tasks::Archive& archive) {
    archive_model(archive, network, preparation, config);
  });
}

/// The job as it was run, for those who look at the folder later. A config that is trained from where it
/// would be written stays as it is.
void note_config(AtomicFiles& files, const CsvTraining& job) {
  const std::string path = job.output_path(kConfigFile);
  std::error_code ignored;
  if (std::filesystem::equivalent(path, job.source, ignored)) return;
  CsvTraining noted = job;
  noted.data.file = std::filesystem::absolute(job.data_path()).string();
  noted.output.folder = std::filesystem::absolute(job.output_path("")).lexically_normal().string();
  files.add(path, to_toml(noted));
}

struct TrainedModel {
  Network network;
  Preparation preparation;
  std::string config;
};

TrainedModel load_model(const std::string& path) {
  TrainedModel model;
  tasks::load_model_file(path, [&](tasks::Archive& archive) {
    archive_model(archive, model.network, model.preparation, model.config);
  });
  return model;
}

/// The model of a job that was trained before, for its table.
TrainedModel find_trained(const CsvTraining& job) {
  const std::string path = job.model_path();
  if (!std::filesystem::exists(path)) {
    throw Error(ErrorKind::data, "there is no trained model yet")
        .where(path)
        .fix("run rondo train with this file first");
  }
  return load_model(path);
}

/// The trained network, where the job still describes it.
Network network_of(TrainedModel& model, const CsvTraining& job, const PreparedData& data) {
  const std::string expected = to_json(build_network(job, data).spec()), seen = to_json(model.network.spec());
  if (seen == expected) return std::move(model.network);
  throw Error(ErrorKind::model_file, "the model was trained with other layers than those of the config")
      .where(job.model_path())
      .seen(seen.substr(0, 300))
      .expected(expected.substr(0, 300))
      .fix("train again, or restore the layers of the config");
}

}  // namespace

CsvTraining read_trained_csv(const std::string& model) {
  const std::string config = load_model(model).config;
  try {
    CsvTraining job = read_csv_training(ConfigFile::parse(config, model));
    job.data.file.clear();
    job.model = model;
    return job;
  } catch (const Error& error) {
    throw Error(ErrorKind::model_file, "the config in the model file cannot be used")
        .where(model)
        .seen(error.summary())
        .fix("the file is damaged or was written by another version: train again");
  }
}

CsvTrainingResult train_csv(const CsvTraining& job, const RunControls& controls) {
  const auto start = std::chrono::steady_clock::now();
  for (const char* name : {kModelFile, kCheckpointFile, kHistoryFile})
    check_is_no_input(job.output_path(name), {job.data_path(), job.source});
  check_is_no_input(job.output_path(kConfigFile), {job.data_path()});
  controls.begin("reading");
  const PreparedData data = prepare_csv(job, nullptr, controls.log);
  Machine machine(job, build_network(job, data));
  make_output_folder(job.output_path(""));
  const FileLock lock = FileLock::of_folder(job.output_path(""));
  if (controls.verbose != 0)
    (controls.progress != nullptr ? *controls.progress : std::cerr)
        << machine.network.summary("Sequential") << '\n';

  CsvTrainingResult result{.samples_train = size_of(data.train),
                           .samples_validation = size_of(data.validation),
                           .samples_test = size_of(data.test),
                           .parameters = machine.network.parameters().total_count()};
  const History history = machine.trainer.fit(*data.train, fit_options(job, data, controls));
  AtomicFiles files;
  save_model(files, job, data.preparation, machine.network);
  note_config(files, job);
  files.commit();
  result.epochs = static_cast<std::int64_t>(history.epochs.size());
  result.stopped_early = result.epochs < job.training.epochs;
  if (data.test) result.test = judge(machine, job, data, data.test);
  for (const char* name : {kModelFile, kCheckpointFile, kHistoryFile, kConfigFile}) {
    if (std::filesystem::exists(job.output_path(name))) result.files.push_back(job.output_path(name));
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

std::vector<std::pair<std::string, double>> evaluate_csv(const CsvTraining& job, const std::string& part,
                                                         const RunControls& controls) {
  TrainedModel trained = find_trained(job);
  const PreparedData data = prepare_csv(job, &trained.preparation, controls.log);
  const std::shared_ptr<const Dataset> samples = part == "train"        ? data.train
                                                 : part == "validation" ? data.validation
                                                 : part == "test"       ? data.test
                                                                        : data.all;
  if (!samples) {
    throw Error(ErrorKind::data, "the " + part + " part is empty")
        .where(job.data_path())
        .fix("see [split], or use --part all");
  }
  Machine machine(job, network_of(trained, job, data));
  return judge(machine, job, data, samples);
}

Table predict_csv(const CsvTraining& job, const RunControls& controls) {
  TrainedModel trained = find_trained(job);
  const PreparedData data = prepare_csv(job, &trained.preparation, controls.log);
  Machine machine(job, network_of(trained, job, data));
  const Samples predictions =
      machine.trainer.predict(*data.all, {.batch_size = job.training.batch_size}).at(0);
  std::vector<Tensor> last;
  for (std::int64_t s = 0; data.windows && s < data.original->count(); ++s) {
    const Batch inputs = data.windows->last_inputs(s, DType::float32);
    last.push_back(machine.trainer.predict(inputs.inputs.at(0)).values());
  }
  return prediction_table(job, data, predictions, last);
}

}  // namespace rondo
