#include "fuzz/targets.h"

#include <cmath>
#include <fstream>

#include "rondo/base/atomic_file.h"
#include "rondo/base/config_file.h"
#include "rondo/base/error.h"
#include "rondo/base/json.h"
#include "rondo/base/toml.h"
#include "rondo/data/csv.h"
#include "rondo/data/events.h"
#include "rondo/data/series.h"
#include "rondo/data/timeline.h"
#include "rondo/layers/layers.h"
#include "rondo/model/session.h"
#include "rondo/tasks/csv_training.h"
#include "rondo/tasks/forecast.h"
#include "rondo/tasks/forecast_config.h"
#include "rondo/tasks/forecast_model.h"
#include "rondo/tasks/online.h"
#include "rondo/tensor/tensor_file.h"
#include "rondo/train/callbacks.h"
#include "rondo/train/model.h"
#include "rondo/train/training.h"

namespace rondo::fuzz {
namespace {

std::string bytes_of(const std::string& path) { return read_file(path); }

/// Not by write_file_atomically, which waits for the disk.
void put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// A series that goes up and down, with one more column.
std::string table_text(int rows) {
  std::string text = "day,sales,price\n";
  for (int i = 0; i < rows; ++i) {
    const std::string month = std::to_string(1 + i % 12);
    text += std::to_string(1990 + i / 12) + (month.size() == 1 ? "-0" : "-") + month + "," +
            std::to_string(10 + std::sin(i / 3.0) + 0.01 * (i * 7919 % 13)) + "," + std::to_string(i % 5) +
            "\n";
  }
  return text;
}

Network small_network() {
  Network network;
  const int x = network.add_input("x", ValueShape{true, -1, {2}});
  const int h = network.add(lstm({.units = 3}), {x})[0];
  network.set_outputs(network.add(dense({.units = 1}), {h}));
  network.build(1);
  return network;
}

Model small_model() {
  Sequential model({lstm({.units = 3, .return_sequences = true}), gru({.units = 2}), dense({.units = 1})});
  Tensor x({4, 3, 2}), y({4, 1});
  model.compile({.optimizer = "adam", .loss = "mse"});
  FitOptions options;
  options.epochs = 1;
  options.run.verbose = 0;
  model.fit(Samples(x), Samples(y), options);
  return model;
}

Target json() {
  return {
      "json",
      Target::Form::words,
      {R"({"class":"Sequential","layers":[{"type":"lstm","units":16,"dropout":0.5e-1},{"type":"dense"}]})",
       R"([[[[]]],{"a":{"b":{"c":[true,false,null,"\u6c34\ud83d\ude00\n"]}}},-1.5E+10,123456789012345678901])"},
      [](const std::string& text) { parse_json(to_json(parse_json(text))); }};
}

Target toml() {
  return {"toml",
          Target::Form::words,
          {"a = 1\n[data]\nfile = \"x.csv\"\nwhen = 1979-05-27T07:32:00Z\n[[model.layers]]\ntype = 'lstm'\n",
           "x = [1, 2.5, [\"a\"], {b = 0x1F, c = inf}]\n\"k k\".d.e = '''\nline\n'''\nt = 07:32:00\n"},
          [](const std::string& text) { to_toml(parse_toml(text)); }};
}

Target job(const std::string& folder) {
  const std::string table = folder + "/table.csv";
  put(table, table_text(90));
  return {"job",
          Target::Form::words,
          {to_toml(suggest_csv_training(table, "sales", "day"))},
          [](const std::string& text) { to_toml(read_csv_training(ConfigFile::parse(text, "job.toml"))); }};
}

Target forecast_config() {
  ForecastConfig config;
  config.file = "table.csv";
  config.options.target = "sales";
  return {"forecast_config", Target::Form::words, {to_toml(config)}, [](const std::string& text) {
            to_toml(read_forecast_config(ConfigFile::parse(text, "forecast.toml")));
          }};
}

Target tensor_file() {
  TensorFile small, large;
  small.tensors.emplace_back("w", Tensor::from({1, 2, 3, 4}, {2, 2}));
  small.metadata = {{"format", "rondo"}};
  large.tensors.emplace_back("a", Tensor({3, 5}, DType::float64));
  large.tensors.emplace_back("b", Tensor({0}));
  large.tensors.emplace_back("c", Tensor({1, 1, 7}, DType::int32));
  return {"tensor_file",
          Target::Form::tensors,
          {encode_tensor_file(small), encode_tensor_file(large)},
          [](const std::string& bytes) { decode_tensor_file(bytes); }};
}

Target model(const std::string& folder) {
  const std::string path = folder + "/model.rondo";
  small_model().save(path);
  Target target{"model", Target::Form::tensors, {bytes_of(path)}, {}};
  TensorFile network;
  Sequential plain(ValueShape{true, -1, {2}}, {bidirectional(lstm({.units = 2})), dense({.units = 1})});
  plain.build(1);
  plain.save(path);
  target.seeds.push_back(bytes_of(path));
  target.read = [path](const std::string& bytes) {
    put(path, bytes);
    Model loaded = Model::load(path);
    (void)loaded.summary("fuzz");
  };
  return target;
}

Target session() {
  const Network network = small_network();
  const Session first(network);
  auto frozen = first.frozen();
  return {"session",
          Target::Form::tensors,
          {encode_tensor_file(first.to_file(first.snapshot()))},
          [frozen](const std::string& bytes) {
            Session session(frozen);
            session.restore(0, session.from_file(decode_tensor_file(bytes)));
            const float x[] = {1, 2};
            float y[1];
            session.step(x, y);
          }};
}

Target checkpoint(const std::string& folder) {
  const std::string path = folder + "/checkpoint.rondo";
  const auto train = [path](std::int64_t epochs) {
    Network network = small_network();
    Trainer trainer(network, {.optimizer = "adam", .loss = "mse", .metrics = {"mae"}});
    FitOptions options{.batch_size = 2, .epochs = epochs};
    options.callbacks.push_back(std::make_shared<EarlyStopping>(
        EarlyStoppingOptions{.monitor = "loss", .restore_best_weights = true}));
    options.run = {.verbose = 0, .checkpoint = path, .resume = true};
    const Tensor x({4, 3, 2}), y({4, 1});
    trainer.fit(ArrayDataset(Samples(x), Samples(y)), options);
  };
  std::remove(path.c_str());
  train(1);
  return {"checkpoint", Target::Form::tensors, {bytes_of(path)}, [path, train](const std::string& bytes) {
            put(path, bytes);
            train(2);
          }};
}

Target forecast_model(const std::string& folder) {
  const std::string path = folder + "/forecast.rondo";
  Target target{"forecast_model", Target::Form::tensors, {}, {}};
  for (const char* kind : {"auto", "encoder_decoder"}) {
    ForecastOptions options;
    options.target = "sales";
    options.time = "day";
    options.past = {"price"};
    options.horizon = 3;
    options.ensemble = options.epochs = 1;
    options.units = 3;
    options.threads = 1;
    options.model = kind;
    run_forecast(parse_csv(table_text(70)), options, {.verbose = 0}).save_model(path);
    target.seeds.push_back(bytes_of(path));
  }
  target.read = [path, table = parse_csv(table_text(80))](const std::string& bytes) {
    put(path, bytes);
    ForecastModel model = ForecastModel::load(path);
    model.forecast(table, 1);
  };
  return target;
}

Target trained_csv(const std::string& folder) {
  const std::string table = folder + "/table.csv", path = folder + "/run/model.rondo";
  put(table, table_text(90));
  CsvTraining job = suggest_csv_training(table, "sales", "day");
  job.training.epochs = job.training.threads = 1;
  job.output.folder = folder + "/run";
  train_csv(job, {.verbose = 0});
  return {"trained_csv", Target::Form::tensors, {bytes_of(path)}, [path, table](const std::string& bytes) {
            put(path, bytes);
            CsvTraining job = read_trained_csv(path);
            job.data.file = table;
            predict_csv(job, {.verbose = 0, .log = Logger(LogLevel::off)});
          }};
}

Target online() {
  OnlineForecaster forecaster(1, 1, {.units = 3});
  const double row[] = {1.5, 2};
  for (int i = 0; i < 40; ++i) forecaster.partial_fit(row);
  return {"online",
          Target::Form::tensors,
          {encode_tensor_file(forecaster.state())},
          [](const std::string& bytes) {
            OnlineForecaster restored(1, 1, {.units = 3});
            restored.restore(decode_tensor_file(bytes));
            const double next[] = {1, -1};
            for (int i = 0; i < 3; ++i) restored.partial_fit(next);
          }};
}

Target csv() {
  return {"csv",
          Target::Form::words,
          {table_text(30), "a;b\n1,5;\"x\ny\"\n2,5;\"\"\"\"\n",
           "sep=|\nGr\xf6\xdf"
           "e|n\n1|2\n",
           "1\n2\n\n3\n"},
          [](const std::string& text) {
            to_csv(parse_csv(text));
            CsvReader reader = CsvReader::from_text(text, {.header = "no", .thousands = "."});
            while (reader.read(3).rows() > 0) {
            }
          }};
}

Target series() {
  return {"series",
          Target::Form::words,
          {table_text(40), "day,v\n1/2/2020,1\n2/2/2020,2\n3/2/2020,4\n",
           "t,v\n2020-W01,1\n2020-W02,3\n2020-W04,2\n", "t,v\n1577836800000000000,1\n1577836860000000000,2\n",
           "t,v\n2020-03-29T00:30:00Z,1\n2020-03-29T01:30:00+02:00,2\n"},
          [](const std::string& text) {
            const Table table = parse_csv(text);
            SeriesOptions options{.missing = "previous"};
            options.time = table.columns().front().name();
            options.arrange = {.unsorted = "sort", .duplicates = "last", .gaps = "fill"};
            make_series(table, options);
          }};
}

Target forecast_table() {
  return {
      "forecast_table",
      Target::Form::words,
      {table_text(60), "day,sales,price\n1,2,x\n2,3,y\n3,2,x\n4,5,z\n5,3,x\n6,2,y\n7,4,x\n8,3,y\n9,5,x\n"},
      [](const std::string& text) {
        ForecastOptions options;
        options.target = "sales";
        options.time = "day";
        options.past = {"price"};
        options.horizon = 2;
        options.threads = options.ensemble = options.epochs = 1;
        options.units = 2;
        run_forecast(parse_csv(text), options, {.verbose = 0, .log = Logger(LogLevel::off)});
      }};
}

Target events() {
  return {"events",
          Target::Form::words,
          {"record,time,parameter,value\na,0,Age,60\na,1.5,HR,80\na,2,HR,\nb,0,Age,40\nb,3,T,37.5\n",
           "record,time,parameter,value\n1,2020-01-01 00:00,HR,70\n1,2020-01-01 06:00,HR,75\n"},
          [](const std::string& text) { Events(parse_csv(text)); }};
}

}  // namespace

std::vector<Target> all_targets(const std::string& folder) {
  return {json(),        toml(),    job(folder),        forecast_config(),      tensor_file(),
          model(folder), session(), checkpoint(folder), forecast_model(folder), trained_csv(folder),
          online(),      csv(),     series(),           forecast_table(),       events()};
}

}  // namespace rondo::fuzz
