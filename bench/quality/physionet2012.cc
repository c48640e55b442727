// PhysioNet/CinC Challenge 2012, set B: who dies in hospital, from the readings of the first 48 hours in intensive care.
//
//     physionet2012 [option=value ...]      the options are those of `Setup` below
//
// Protocol (medical/physionet2012-set-b/README.md of the shared data): records whose id is a multiple of 5 are the test part; area
// under the ROC curve. The others are cut into four folds by id modulo 5. Every network is trained on three of them and stopped by the
// fourth, so that the validation AUC is that of records no network of theirs was trained on; test records are scored once, by the mean
// of all networks. Prints one line of JSON on stdout and words on stderr.
//
// The folder of data is the one that the environment variable RONDO_DATA names, or ../shared/data.

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <rondo/rondo.h>

namespace {

using rondo::Batch;
using rondo::Tensor;

constexpr int kFolds = 4, kSkip = 77;  // ctest's and automake's code for "not run"

struct Setup {
  std::string layer = "gru";
  std::int64_t units = 64, epochs = 15, batch = 64, networks = 1, threads = 1, patience = 4, folds = kFolds;
  std::uint64_t seed = 1;
  double step = 60, learning_rate = 1e-3, dropout = 0.3, recurrent_dropout = 0, input_dropout = 0, l2 = 0,
         clip = 1;
  std::string combine = "last", pool = "last", pool_inputs = "none", start = "zero";
  std::int64_t hidden = 0;
  bool test = true, elapsed_input = false;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("layer", self.layer, "gru_d or gru");
    option("units", self.units, "size of its state");
    option("epochs", self.epochs, "at most");
    option("patience", self.patience, "epochs without a better validation AUC");
    option("batch", self.batch, "records a step of training");
    option("networks", self.networks, "of each fold, with different seeds");
    option("folds", self.folds, "train only the first of them");
    option("threads", self.threads, "for each network; results do not depend on it");
    option("seed", self.seed, "of the first network");
    option("step", self.step, "minutes a step");
    option("combine", self.combine, "last or mean of several readings in a step");
    option("learning_rate", self.learning_rate, "of Adam");
    option("dropout", self.dropout, "before the outcome");
    option("recurrent_dropout", self.recurrent_dropout, "of the state");
    option("input_dropout", self.input_dropout, "of the readings");
    option("l2", self.l2, "weight decay");
    option("clip", self.clip, "norm of gradients");
    option("elapsed_input", self.elapsed_input, "gru_d: the gates see elapsed times");
    option("pool", self.pool, "x");
    option("pool_inputs", self.pool_inputs, "x");
    option("start", self.start, "x");
    option("hidden", self.hidden, "x");
    option("test", self.test, "score the test records");
  }
};

Setup read_setup(int argc, char** argv) {
  rondo::Config given = rondo::Config::object();
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos) {
      throw rondo::Error(rondo::ErrorKind::usage, "an argument is not understood")
          .seen(argument)
          .expected("option=value");
    }
    const std::string value = argument.substr(equals + 1);
    const bool text =
        value.find_first_not_of("0123456789.e-") != std::string::npos && value != "true" && value != "false";
    given.set(argument.substr(0, equals), text ? rondo::Config(value) : rondo::parse_json(value));
  }
  Setup setup;
  rondo::read_options(setup, given, "arguments");
  return setup;
}

std::filesystem::path data_folder() {
  const char* named = std::getenv("RONDO_DATA");
  return std::filesystem::path(named != nullptr ? named : "../shared/data") / "medical" /
         "physionet2012-set-b";
}

struct Records {
  std::vector<std::int64_t> indices;
  Tensor outcomes;  ///< [records, 1]
};

Records gather(const std::vector<std::int64_t>& indices, const std::vector<double>& outcomes) {
  Records out{indices, Tensor({static_cast<std::int64_t>(indices.size()), 1})};
  for (std::size_t i = 0; i < indices.size(); ++i)
    out.outcomes.set(static_cast<std::int64_t>(i), outcomes[static_cast<std::size_t>(indices[i])]);
  return out;
}

double auc(const std::vector<double>& scores, const Tensor& outcomes) {
  const Tensor column = Tensor::from(std::span<const double>(scores), {outcomes.size(), 1});
  const auto metric = rondo::make_metric("roc_auc");
  metric->update(rondo::as_matrix(column), rondo::as_matrix(outcomes));
  return metric->result();
}

rondo::Model make_model(const Setup& setup, std::int64_t parameters, std::int64_t descriptors) {
  rondo::GraphBuilder graph;
  const auto sequence = graph.input("readings", {.sequence = true, .features = {3 * parameters}});
  const auto statics = graph.input("descriptors", {.features = {descriptors}});
  const bool pools = setup.pool != "last";
  const rondo::LayerPtr layer =
      setup.layer == "gru_d"
          ? rondo::gru_d({.units = setup.units,
                          .elapsed_input = setup.elapsed_input,
                          .dropout = setup.input_dropout,
                          .return_sequences = pools})
          : rondo::recurrent(setup.layer, {.units = setup.units,
                                           .dropout = setup.input_dropout,
                                           .recurrent_dropout = setup.recurrent_dropout,
                                           .return_sequences = pools});
  std::vector<rondo::GraphBuilder::Node> parts;
  std::vector<rondo::GraphBuilder::Node> from = {sequence};
  if (setup.start == "statics")
    from.push_back(graph.apply(rondo::dense({.units = setup.units, .activation = "tanh"}), {statics}));
  const auto state = graph.apply(layer, from);
  if (!pools) parts.push_back(state);
  for (const std::string mode : {"last", "mean", "max"}) {
    if (setup.pool.find(mode) != std::string::npos && pools) parts.push_back(graph.apply(rondo::time_pooling({.mode = mode}), {state}));
  }
  for (const std::string mode : {"mean", "max"}) {
    if (setup.pool_inputs.find(mode) != std::string::npos) parts.push_back(graph.apply(rondo::time_pooling({.mode = mode}), {sequence}));
  }
  parts.push_back(statics);
  auto all = graph.apply(rondo::concatenate(), parts);
  if (setup.hidden > 0) all = graph.apply(rondo::dense({.units = setup.hidden, .activation = "relu"}), {graph.apply(rondo::dropout({.rate = setup.dropout}), {all})});
  const auto kept = graph.apply(rondo::dropout({.rate = setup.dropout}), {all});
  const auto risk = graph.apply(rondo::dense({.units = 1, .activation = "sigmoid"}), {kept});
  return graph.model({risk});
}

rondo::ArrayDataset dataset(const rondo::EventGrid& grid, const rondo::Events& events,
                            const Records& records) {
  rondo::EventArrays arrays = grid.arrays(events, records.indices);
  for (const std::string& note : arrays.notes) std::cerr << "note: " << note << '\n';
  return {{std::move(arrays.sequences), Batch(std::move(arrays.statics))}, {Batch(records.outcomes)}};
}

/// Log odds: means of these rank better than means of probabilities.
void add_log_odds(const Tensor& risks, std::vector<double>& sums) {
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const double p = std::clamp(risks.at(static_cast<std::int64_t>(i)), 1e-6, 1 - 1e-6);
    sums[i] += std::log(p / (1 - p));
  }
}

int run(const Setup& setup, const std::string& command) {
  const auto start = std::chrono::steady_clock::now();
  const std::filesystem::path folder = data_folder();
  if (!std::filesystem::exists(folder / "events.csv.gz")) {
    std::cerr << "skipped: no " << (folder / "events.csv.gz").string()
              << "; set RONDO_DATA to the folder of data sets\n";
    return kSkip;
  }
  const rondo::Events events = rondo::read_events(folder / "events.csv.gz", {.time = "minute"});
  const rondo::EventLabels labels = rondo::read_event_labels(rondo::read_csv(folder / "Outcomes-b.txt.gz"),
                                                             events, "RecordID", "In-hospital_death");
  std::cerr << events.size() << " records, " << events.total() << " readings of "
            << events.parameters().size() << " parameters\n";

  std::array<std::vector<std::int64_t>, kFolds + 1> parts;  // 0: test
  for (std::int64_t i = 0; i < events.size(); ++i)
    parts[std::stoul(events.records()[static_cast<std::size_t>(i)]) % 5].push_back(i);
  const Records test = gather(parts[0], labels.values);
  std::vector<double> test_scores(parts[0].size(), 0), all_validation_scores;
  std::vector<std::int64_t> all_validation;

  std::vector<double> fold_aucs;
  const double two_days = 2 * 24 * 60;
  for (int fold = 1; fold <= setup.folds; ++fold) {
    std::vector<std::int64_t> indices;
    for (int other = 1; other <= kFolds; ++other) {
      if (other != fold)
        indices.insert(indices.end(), parts[static_cast<std::size_t>(other)].begin(),
                       parts[static_cast<std::size_t>(other)].end());
    }
    const Records training = gather(indices, labels.values);
    const Records validation = gather(parts[static_cast<std::size_t>(fold)], labels.values);
    const rondo::EventGrid grid(
        events, training.indices,
        {.step = setup.step, .until = two_days, .combine = setup.combine, .unknown_at_start = {-1}});
    for (const std::string& note : grid.notes()) std::cerr << "note: " << note << '\n';
    const rondo::ArrayDataset training_data = dataset(grid, events, training),
                              validation_data = dataset(grid, events, validation),
                              test_data = dataset(grid, events, test);
    std::vector<double> scores(validation.indices.size(), 0);
    for (std::int64_t n = 0; n < setup.networks; ++n) {
      const std::uint64_t seed = setup.seed + static_cast<std::uint64_t>(n * kFolds + fold - 1);
      rondo::Model model =
          make_model(setup, grid.parameter_count(), static_cast<std::int64_t>(grid.static_columns().size()));
      model.set_seed(seed);
      model.set_threads(static_cast<int>(setup.threads));
      model.compile({.optimizer = rondo::Config::object({{"name", "adam"},
                                                         {"learning_rate", setup.learning_rate},
                                                         {"clipnorm", setup.clip},
                                                         {"weight_decay", setup.l2}}),
                     .loss = "binary_crossentropy",
                     .metrics = {"roc_auc"}});
      const auto stopping = std::make_shared<rondo::EarlyStopping>(rondo::EarlyStoppingOptions{
          .monitor = "val_roc_auc", .patience = setup.patience, .mode = "max", .restore_best_weights = true});
      const rondo::History history = model.fit(training_data, {.batch_size = setup.batch,
                                                               .epochs = setup.epochs,
                                                               .validation_data = &validation_data,
                                                               .validation_batch_size = 256,
                                                               .seed = seed,
                                                               .callbacks = {stopping},
                                                               .verbose = 0});
      add_log_odds(model.predict(validation_data, 256)[0].values(), scores);
      if (setup.test) add_log_odds(model.predict(test_data, 256)[0].values(), test_scores);
      for (const double v : history.at("val_roc_auc")) std::fprintf(stderr, " %.4f", v);
      std::fprintf(stderr, "\nfold %d, network %d: validation AUC %.4f in epoch %d, %.0f s\n", fold,
                   static_cast<int>(n + 1), stopping->best().value_or(0),
                   static_cast<int>(stopping->best_epoch() + 1),
                   std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    fold_aucs.push_back(auc(scores, validation.outcomes));
    all_validation_scores.insert(all_validation_scores.end(), scores.begin(), scores.end());
    all_validation.insert(all_validation.end(), validation.indices.begin(), validation.indices.end());
  }
  double mean_auc = 0;
  for (const double a : fold_aucs) mean_auc += a / static_cast<double>(fold_aucs.size());
  std::fprintf(stderr, "mean of folds %.4f\n", mean_auc);
  const double validation_auc = auc(all_validation_scores, gather(all_validation, labels.values).outcomes);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::fprintf(stderr, "validation AUC (training records, by networks that were not trained on them) %.4f\n",
               validation_auc);
  if (!setup.test) return 0;
  const double test_auc = auc(test_scores, test.outcomes);
  std::fprintf(stderr, "test AUC %.4f of %d records, %.0f s\n", test_auc,
               static_cast<int>(test.indices.size()), seconds);
  std::cout << rondo::to_json(rondo::Config::object({{"name", "physionet2012"},
                                                     {"metric", "auc"},
                                                     {"value", test_auc},
                                                     {"target", 0.83},
                                                     {"stretch", 0.85},
                                                     {"validation", validation_auc},
                                                     {"seconds", seconds},
                                                     {"seed", static_cast<std::int64_t>(setup.seed)},
                                                     {"command", command}}))
            << '\n';
  return test_auc >= 0.83 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  std::string command = "bench/quality/physionet2012";
  for (int i = 1; i < argc; ++i) command += std::string(" ") + argv[i];
  return run(read_setup(argc, argv), command);
} catch (const rondo::Error& error) {
  std::cerr << "error: " << error.what() << '\n';
  return static_cast<int>(error.kind());
}
