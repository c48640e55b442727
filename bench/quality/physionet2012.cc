// PhysioNet/CinC Challenge 2012, set B: who dies in hospital, by the readings of the first 48 hours in
// intensive care.
//
//     physionet2012 [option=value …]      options: see Setup below
//
// Protocol (medical/physionet2012-set-b/README.md of the shared data): records whose number is a multiple of
// 5 are the test part; area under the ROC curve. The others are cut into four folds by their number modulo 5.
// A network is trained on three folds and stopped by the fourth, which gives a validation AUC of records that
// it was not trained on; every choice in this file was made by that figure. The test records are scored once,
// by the mean log odds of all networks.
//
// Prints a JSON list of one entry of bench/quality.json on stdout and words on stderr. The folder of data is
// the one that the environment variable RONDO_DATA names, else ../shared/data.

#include <algorithm>
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

using rondo::Samples;
using rondo::Tensor;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kFolds = 4;
constexpr int kSkip = 77;  // what test drivers take for "not run"
constexpr double kTarget = 0.83, kStretch = 0.85;

struct Setup {
  std::vector<std::string> layers = {"gru", "gru_d"};
  std::int64_t networks = 2, units = 64, epochs = 30, patience = 4, batch = 64;
  std::vector<double> steps = {120, 240};
  std::string combine = "mean";
  double learning_rate = 1e-3, dropout = 0.3;
  std::uint64_t seed = 1;
  int threads = 2;
  bool test = true;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("layers", self.layers, "recurrent layers; the ensemble has networks with each");
    option("networks", self.networks, "of each fold and layer, with different seeds");
    option("units", self.units, "size of the state");
    option("epochs", self.epochs, "at most");
    option("patience", self.patience, "epochs without a better validation AUC");
    option("batch", self.batch, "records a step of training");
    option("steps", self.steps, "minutes a step of a sequence; the ensemble has networks with each");
    option("combine", self.combine, "last or mean of several readings in a step");
    option("learning_rate", self.learning_rate, "of Adam");
    option("dropout", self.dropout, "before the outcome");
    option("seed", self.seed, "of the first network");
    option("threads", self.threads, "networks trained at the same time; results do not depend on it");
    option("test", self.test, "score the test records");
  }
};

Setup read_setup(int argc, char** argv) {
  rondo::Json given = rondo::Json::object();
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos) {
      throw rondo::Error(rondo::ErrorKind::usage, "an argument is not understood")
          .seen(argument)
          .expected("option=value, such as networks=1 or 'layers=[\"gru\"]'");
    }
    given.set(argument.substr(0, equals), rondo::parse_json(argument.substr(equals + 1), argument));
  }
  Setup setup;
  rondo::read_options(setup, given, "arguments");
  return setup;
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Some records and whether their patients died, [records, 1].
struct Part {
  std::vector<std::int64_t> records;
  Tensor outcomes;
};

Part make_part(std::vector<std::int64_t> records, const std::vector<double>& outcomes) {
  Tensor column({static_cast<std::int64_t>(records.size()), 1});
  for (std::size_t i = 0; i < records.size(); ++i)
    column.set(static_cast<std::int64_t>(i), outcomes[static_cast<std::size_t>(records[i])]);
  return {std::move(records), std::move(column)};
}

double auc(const std::vector<double>& scores, const Tensor& outcomes) {
  const Tensor column = Tensor::from(std::span<const double>(scores), {outcomes.size(), 1});
  const auto metric = rondo::make_row_metric("roc_auc");
  metric->update_rows(rondo::as_matrix(column), rondo::as_matrix(outcomes));
  return metric->result();
}

/// The patient's descriptors choose the first state; the outcome sees the last, the mean and the largest
/// state, and them again.
rondo::Model make_model(const Setup& setup, const std::string& layer, std::int64_t parameters,
                        std::int64_t descriptors) {
  rondo::GraphBuilder graph;
  const auto readings = graph.input("readings", {.sequence = true, .features = {3 * parameters}});
  const auto patient = graph.input("patient", {.features = {descriptors}});
  const auto start = graph.apply(rondo::dense({.units = setup.units, .activation = "tanh"}), {patient});
  const auto states = graph.apply(
      layer == "gru_d" ? rondo::gru_d({.units = setup.units, .return_sequences = true})
                       : rondo::recurrent(layer, {.units = setup.units, .return_sequences = true}),
      {readings, start});
  std::vector<rondo::GraphBuilder::Node> seen;
  for (const char* mode : {"last", "mean", "max"})
    seen.push_back(graph.apply(rondo::time_pooling({.mode = mode}), {states}));
  seen.push_back(patient);
  const auto kept =
      graph.apply(rondo::dropout({.rate = setup.dropout}), {graph.apply(rondo::concatenate(), seen)});
  return graph.model({graph.apply(rondo::dense({.units = 1, .activation = "sigmoid"}), {kept})});
}

rondo::ArrayDataset make_dataset(const rondo::EventGrid& grid, const rondo::Events& events,
                                 const Part& part) {
  rondo::EventArrays arrays = grid.arrays(events, part.records);
  for (const std::string& note : arrays.notes) std::cerr << "note: " << note << '\n';
  return {{std::move(arrays.sequences), Samples(std::move(arrays.statics))}, {Samples(part.outcomes)}};
}

std::vector<double> log_odds(rondo::Model& model, const rondo::Dataset& data) {
  const Tensor risks = model.predict(data, {.batch_size = 256})[0].values();
  std::vector<double> out;
  for (std::int64_t i = 0; i < risks.size(); ++i) {
    const double p = std::clamp(risks.at(i), 1e-6, 1 - 1e-6);
    out.push_back(std::log(p / (1 - p)));
  }
  return out;
}

void add(const std::vector<double>& scores, std::vector<double>& sums) {
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += scores[i];
}

struct Fold {
  rondo::ArrayDataset training, validation, test;
  std::int64_t parameters, descriptors;
};

struct Scores {
  std::vector<double> validation, test;
};

Scores train_network(const Setup& setup, const Fold& fold, const std::string& layer, std::uint64_t seed,
                     const std::string& title) {
  const auto start = Clock::now();
  rondo::Model model = make_model(setup, layer, fold.parameters, fold.descriptors);
  model.set_seed(seed);
  model.set_threads(1);
  model.compile({.optimizer = rondo::Json::object(
                     {{"name", "adam"}, {"learning_rate", setup.learning_rate}, {"global_clipnorm", 1.0}}),
                 .loss = "binary_crossentropy",
                 .metrics = {"roc_auc"}});
  const auto stopping = std::make_shared<rondo::EarlyStopping>(rondo::EarlyStoppingOptions{
      .monitor = "val_roc_auc", .patience = setup.patience, .mode = "max", .restore_best_weights = true});
  model.fit(fold.training, {.batch_size = setup.batch,
                            .epochs = setup.epochs,
                            .validation_data = &fold.validation,
                            .validation_batch_size = 256,
                            .seed = seed,
                            .callbacks = {stopping},
                            .run = {.verbose = 0}});
  std::fprintf(stderr, "%s: validation AUC %.4f after epoch %d, %.0f s\n", title.c_str(),
               stopping->best().value_or(0), static_cast<int>(stopping->best_epoch() + 1),
               seconds_since(start));
  return {log_odds(model, fold.validation), setup.test ? log_odds(model, fold.test) : std::vector<double>()};
}

Fold make_fold(const Setup& setup, double step, const rondo::Events& events, const Part& training,
               const Part& validation, const Part& test) {
  constexpr double kTwoDays = 2 * 24 * 60;
  const rondo::EventGrid grid(
      events, training.records,
      {.step = step, .until = kTwoDays, .combine = setup.combine, .unknown_at_start = {-1}});
  for (const std::string& note : grid.notes()) std::cerr << "note: " << note << '\n';
  return {make_dataset(grid, events, training), make_dataset(grid, events, validation),
          make_dataset(grid, events, test), grid.parameter_count(),
          static_cast<std::int64_t>(grid.static_columns().size())};
}

int run(const Setup& setup, const std::string& command) {
  const auto start = Clock::now();
  const char* named = std::getenv("RONDO_DATA");
  if (named == nullptr) named = std::getenv("RONDO_SHARED_DATA");
  const std::filesystem::path folder =
      std::filesystem::path(named != nullptr ? named : "../shared/data") / "medical" / "physionet2012-set-b";
  if (!std::filesystem::exists(folder / "events.csv.gz")) {
    std::cerr << "skipped: there is no " << (folder / "events.csv.gz").string()
              << "; set RONDO_DATA to the folder of data sets\n";
    return kSkip;
  }
  const rondo::Events events = rondo::read_events(folder / "events.csv.gz", {.time = "minute"});
  const std::vector<double> outcomes = rondo::read_event_labels(rondo::read_csv(folder / "Outcomes-b.txt.gz"),
                                                                events, "RecordID", "In-hospital_death")
                                           .values;
  std::cerr << events.size() << " records, " << events.total() << " readings of "
            << events.parameters().size() << " parameters, read in " << seconds_since(start) << " s\n";

  std::array<std::vector<std::int64_t>, kFolds + 1> by_remainder;  // 0: test
  for (std::int64_t i = 0; i < events.size(); ++i)
    by_remainder[std::stoul(events.records()[static_cast<std::size_t>(i)]) % 5].push_back(i);
  const Part test = make_part(by_remainder[0], outcomes);
  std::vector<double> test_scores(test.records.size(), 0);
  double validation_auc = 0, single_auc = 0;
  const auto jobs = static_cast<std::size_t>(setup.networks) * setup.layers.size(),
             in_fold = jobs * setup.steps.size();
  std::uint64_t seed = setup.seed;

  for (std::size_t held = 1; held <= kFolds; ++held) {
    std::vector<std::int64_t> others;
    for (std::size_t other = 1; other <= kFolds; ++other) {
      if (other != held) others.insert(others.end(), by_remainder[other].begin(), by_remainder[other].end());
    }
    const Part training = make_part(others, outcomes), validation = make_part(by_remainder[held], outcomes);
    std::vector<double> sums(validation.records.size(), 0);
    for (const double step : setup.steps) {
      const Fold fold = make_fold(setup, step, events, training, validation, test);
      std::vector<Scores> scores(jobs);
      rondo::Pool(setup.threads).run(static_cast<int>(jobs), [&](int job) {
        const auto at = static_cast<std::size_t>(job);
        const std::string& layer = setup.layers[at % setup.layers.size()];
        char title[80];
        std::snprintf(title, sizeof title, "fold %d, steps of %g minutes, %s", static_cast<int>(held), step,
                      layer.c_str());
        scores[at] = train_network(setup, fold, layer, seed + at, title);
      });
      seed += jobs;
      for (const Scores& s : scores) {
        single_auc += auc(s.validation, validation.outcomes) / static_cast<double>(kFolds * in_fold);
        add(s.validation, sums);
        if (setup.test) add(s.test, test_scores);
      }
    }
    const double fold_auc = auc(sums, validation.outcomes);
    validation_auc += fold_auc / kFolds;
    std::fprintf(stderr, "fold %d: validation AUC of the mean of %d networks %.4f\n", static_cast<int>(held),
                 static_cast<int>(in_fold), fold_auc);
  }
  std::fprintf(stderr, "validation AUC, mean of %d folds: one network %.4f, %d of a fold together %.4f\n",
               static_cast<int>(kFolds), single_auc, static_cast<int>(in_fold), validation_auc);
  if (!setup.test) return 0;
  const double test_auc = auc(test_scores, test.outcomes), seconds = seconds_since(start);
  std::fprintf(stderr,
               "test AUC of %d records by %d networks: %.4f (must %.2f, stretch %.2f), %.0f s in all\n",
               static_cast<int>(test.records.size()), static_cast<int>(kFolds * in_fold), test_auc, kTarget,
               kStretch, seconds);
  char target[60];
  std::snprintf(target, sizeof target, ">= %.2f (stretch %.2f%s)", kTarget, kStretch,
                test_auc >= kStretch ? ", reached" : "");
  std::cout << '['
            << rondo::to_json(rondo::Json::object({{"name", "PhysioNet 2012, set B"},
                                                   {"metric", "auc"},
                                                   {"value", test_auc},
                                                   {"target", target},
                                                   {"seconds", std::round(seconds * 10) / 10},
                                                   {"seed", static_cast<std::int64_t>(setup.seed)},
                                                   {"command", command}}))
            << "]\n";
  return test_auc >= kTarget ? 0 : 1;
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
