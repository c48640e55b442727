// The jobs themselves: train, evaluate, predict.

#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>

#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"
#include "rondo/base/pool.h"
#include "rondo/model/network.h"
#include "rondo/train/training.h"
#include "tasks/csv_training/job_network.h"
#include "tasks/csv_training/samples.h"

namespace rondo {
namespace {

constexpr const char* kModelFile = "model.rondo";
constexpr const char* kPreparationFile = "preparation.json";
constexpr const char* kCheckpointFile = "checkpoint.rondo";
constexpr const char* kHistoryFile = "history.csv";
constexpr const char* kConfigFile = "config.toml";

/// A network with its trainer, built for the job.
struct Machine {
  Machine(const CsvTraining& job, const PreparedData& data)
      : pool(static_cast<int>(job.training.threads)),
        network(build_network(job, data)),
        trainer(network, compile_options(job), &pool) {}

  static CompileOptions compile_options(const CsvTraining& job) {
    CompileOptions options;
    options.optimizer = job.training.optimizer;
    options.loss = job.training.loss;
    options.metrics = job.training.metrics.as_array();
    return options;
  }

  Pool pool;
  Network network;
  Trainer trainer;
};

FitOptions fit_options(const CsvTraining& job, const PreparedData& data, const RunControls& controls) {
  FitOptions options;
  options.batch_size = job.training.batch_size;
  options.epochs = job.training.epochs;
  options.validation_data = data.validation.get();
  options.shuffle = job.training.shuffle;
  options.seed = job.training.seed;
  options.verbose = controls.progress ? -1 : 0;
  options.logger = controls.log;
  options.checkpoint = job.output_path(kCheckpointFile);
  options.checkpoint_every_batches = job.training.checkpoint_batches;
  options.resume = controls.resume;
  options.stop_flag = controls.stop;

  const std::string monitor = data.validation ? "val_loss" : "loss";
  if (job.training.reduce_patience > 0) {
    ReduceLrOnPlateauOptions reduce;
    reduce.monitor = monitor;
    reduce.factor = job.training.reduce_factor;
    reduce.patience = job.training.reduce_patience;
    options.callbacks.push_back(std::make_shared<ReduceLrOnPlateau>(reduce));
  }
  if (job.training.patience > 0) {
    EarlyStoppingOptions stopping;
    stopping.monitor = monitor;
    stopping.min_delta = job.training.min_delta;
    stopping.patience = job.training.patience;
    stopping.restore_best_weights = true;
    options.callbacks.push_back(std::make_shared<EarlyStopping>(stopping));
  }
  options.callbacks.push_back(std::make_shared<CsvLogger>(job.output_path(kHistoryFile)));
  if (job.training.tensorboard)
    options.callbacks.push_back(std::make_shared<TensorBoard>(job.output_path("tensorboard")));
  return options;
}

void make_output_folder(const CsvTraining& job) {
  const std::string folder = job.output_path("");
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) {
    throw Error(ErrorKind::resources, "cannot make the output folder " + folder)
        .seen(failed.message())
        .fix("choose another folder in [output]");
  }
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
    const Samples predictions = machine.trainer.predict(*part, job.training.batch_size).at(0);
    add_errors(values, prediction_table(job, data, predictions, {}), data.preparation);
  }
  return values;
}

struct Trained {
  Preparation preparation;
  std::string model;
};

Trained find_trained(const CsvTraining& job) {
  const std::string notes = job.output_path(kPreparationFile);
  if (!std::filesystem::exists(notes)) {
    throw Error(ErrorKind::data, "there is no trained model yet")
        .where(job.output_path(""))
        .expected(std::string(kModelFile) + " and " + kPreparationFile)
        .fix("run rondo train with this file first");
  }
  Json config;
  try {
    config = parse_json(read_file(notes), notes);
  } catch (const Error& error) {
    throw Error(ErrorKind::model_file, "the notes on how to prepare data are damaged")
        .where(notes)
        .seen(error.what())
        .fix("train again");
  }
  return {Preparation::from_config(config, notes), job.output_path(kModelFile)};
}

}  // namespace

CsvTrainingResult train_csv(const CsvTraining& job, const RunControls& controls) {
  const auto start = std::chrono::steady_clock::now();
  const PreparedData data = prepare_csv(job, nullptr, controls.log);
  Machine machine(job, data);
  make_output_folder(job);
  if (controls.progress) std::cerr << machine.network.summary("Sequential") << '\n';

  // Before the first epoch: whether the folder can be written is better known now than then.
  CsvTraining noted = job;
  noted.data.file = std::filesystem::absolute(job.data_path()).string();
  noted.output.folder = std::filesystem::absolute(job.output_path("")).lexically_normal().string();
  write_file_atomically(job.output_path(kConfigFile), to_toml(noted));
  write_file_atomically(job.output_path(kPreparationFile), to_json(data.preparation.to_config(), 2) + "\n");

  CsvTrainingResult result;
  result.samples_train = size_of(data.train);
  result.samples_validation = size_of(data.validation);
  result.samples_test = size_of(data.test);
  result.parameters = machine.network.parameters().total_count();
  const History history = machine.trainer.fit(*data.train, fit_options(job, data, controls));
  machine.trainer.save(job.output_path(kModelFile));
  result.epochs = static_cast<std::int64_t>(history.epochs.size());
  result.stopped_early = result.epochs < job.training.epochs;
  if (data.test) result.test = judge(machine, job, data, data.test);
  for (const char* name : {kModelFile, kPreparationFile, kCheckpointFile, kHistoryFile, kConfigFile}) {
    if (std::filesystem::exists(job.output_path(name))) result.files.push_back(job.output_path(name));
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

std::vector<std::pair<std::string, double>> evaluate_csv(const CsvTraining& job, const std::string& part,
                                                         const RunControls& controls) {
  const Trained trained = find_trained(job);
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
  Machine machine(job, data);
  machine.trainer.load(trained.model);
  return judge(machine, job, data, samples);
}

Table predict_csv(const CsvTraining& job, const RunControls& controls) {
  const Trained trained = find_trained(job);
  const PreparedData data = prepare_csv(job, &trained.preparation, controls.log);
  Machine machine(job, data);
  machine.trainer.load(trained.model);
  const Samples predictions = machine.trainer.predict(*data.all, job.training.batch_size).at(0);
  std::vector<Tensor> last;
  for (std::int64_t s = 0; data.windows && s < data.original->count(); ++s) {
    const Batch inputs = data.windows->last_inputs(s, DType::float32);
    last.push_back(machine.trainer.predict(inputs.inputs.at(0)).values());
  }
  return prediction_table(job, data, predictions, last);
}

}  // namespace rondo
