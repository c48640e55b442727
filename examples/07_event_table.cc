// A table of events: readings of many machines at irregular times, most of them missing most of the time.
//
// Temperature and vibration of a machine wander around their usual values and are read now and then. Who is
// too hot one day after the first reading? An old reading says little, a fresh one much: gru_d lets readings
// and state fade with the time since they were taken.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <rondo/rondo.h>

namespace {

constexpr double kDay = 24;

struct Machines {
  rondo::Table events, outcomes;
};

// One row a reading: machine, hour, parameter, value. One row a machine: machine, hot.
Machines watch_machines(std::int64_t count, std::uint64_t seed) {
  std::vector<double> machine, hour, value, id, hot;
  rondo::TextList parameter;
  const rondo::RandomStream random(seed);
  std::uint64_t drawn = 0;
  const auto write = [&](std::int64_t i, double at, const char* what, double reading) {
    machine.push_back(static_cast<double>(i));
    hour.push_back(at);
    parameter.push_back(what);
    value.push_back(reading);
  };
  for (std::int64_t i = 0; i < count; ++i) {
    const double age = 10 * random.uniform(drawn++);
    write(i, 0, "age", age);  // read at the start only: a descriptor
    double heat = 0, shake = 0;
    for (int step = 0; step < 96; ++step) {
      // Both return to 0 within a few hours unless something pushes them; vibration heats.
      shake = 0.95 * shake + 0.31 * random.normal(drawn++);
      heat = 0.95 * heat + 0.2 * random.normal(drawn++) + 0.1 * shake;
      const double at = step * kDay / 96;
      if (random.uniform(drawn++) < 0.05) write(i, at, "temperature", 60 + 10 * heat);
      if (random.uniform(drawn++) < 0.05) write(i, at, "vibration", std::exp(shake));
    }
    id.push_back(static_cast<double>(i));
    hot.push_back(heat + 0.05 * age > 0.9 ? 1 : 0);
  }
  Machines out;
  out.events.add({"machine", machine});
  out.events.add({"hour", hour});
  out.events.add({"parameter", parameter});
  out.events.add({"value", value});
  out.outcomes.add({"machine", id});
  out.outcomes.add({"hot", hot});
  return out;
}

double auc(const rondo::Tensor& scores, const rondo::Tensor& outcomes) {
  const auto metric = rondo::make_row_metric("roc_auc");
  metric->update_rows(rondo::as_matrix(scores), rondo::as_matrix(outcomes));
  return metric->result();
}

}  // namespace

int main() try {
  const Machines machines = watch_machines(3000, 1);
  const rondo::Events events(machines.events, {.record = "machine", .time = "hour"});
  const rondo::EventLabels hot = rondo::read_event_labels(machines.outcomes, events, "machine", "hot");

  // The first 2400 machines train. Scales, usual elapsed times and which parameters there are come from these
  // alone.
  std::vector<std::int64_t> train, test;
  for (std::int64_t i = 0; i < events.size(); ++i) (i < 2400 ? train : test).push_back(i);
  const rondo::EventGrid grid(events, train, {.step = 1, .until = kDay});
  const auto outcomes_of = [&](const std::vector<std::int64_t>& records) {
    rondo::Tensor column({static_cast<std::int64_t>(records.size()), 1});
    for (std::size_t i = 0; i < records.size(); ++i)
      column.set(static_cast<std::int64_t>(i), hot.values[static_cast<std::size_t>(records[i])]);
    return column;
  };
  const rondo::EventArrays x_train = grid.arrays(events, train), x_test = grid.arrays(events, test);
  const rondo::Tensor y_train = outcomes_of(train), y_test = outcomes_of(test);

  std::string names;
  for (const std::string& name : grid.parameters()) names += " " + name;
  for (const std::string& name : grid.static_columns()) names += " (" + name + ")";
  std::printf("%d readings of %d machines:%s\n", static_cast<int>(events.total()),
              static_cast<int>(events.size()), names.c_str());

  // values, masks and elapsed times of every hour; descriptors beside them
  rondo::GraphBuilder graph;
  const auto readings = graph.input("readings", {.sequence = true, .features = {3 * grid.parameter_count()}});
  const auto machine = graph.input("machine", {.features = {x_train.statics.dim(1)}});
  const auto state = graph.apply(rondo::gru_d({.units = 16}), {readings});
  const auto both = graph.apply(rondo::concatenate(), {state, machine});
  rondo::Model model =
      graph.model({graph.apply(rondo::dense({.units = 1, .activation = "sigmoid"}), {both})});
  const auto adam = rondo::Json::object({{"name", "adam"}, {"learning_rate", 0.005}});
  model.compile({.optimizer = adam, .loss = "binary_crossentropy", .metrics = {"roc_auc"}});
  model.fit(
      rondo::ArrayDataset({x_train.sequences, rondo::Samples(x_train.statics)}, {rondo::Samples(y_train)}),
      {.epochs = 12, .run = {.verbose = 2}});
  const rondo::ArrayDataset test_set({x_test.sequences, rondo::Samples(x_test.statics)},
                                     {rondo::Samples(y_test)});
  const double network = auc(model.predict(test_set)[0].values(), y_test);

  // What the last temperature alone says: the forward-filled value of the last step, however old.
  const std::vector<std::string> parameters = grid.parameters();
  const auto column = std::ranges::find(parameters, "temperature") - parameters.begin();
  rondo::Tensor last(y_test.shape());
  for (std::int64_t i = 0; i < last.size(); ++i) {
    const rondo::Tensor steps = x_test.sequences.sample(i);
    last.set(i, steps.at((steps.dim(0) - 1) * steps.dim(1) + column));
  }
  const double naive = auc(last, y_test);
  std::printf("area under the ROC curve on %d new machines: gru_d %.3f, last temperature %.3f\n",
              static_cast<int>(test.size()), network, naive);
  if (!(network > naive + 0.03)) {
    std::cerr << "error: the network did not learn what time does to readings\n";
    return 1;
  }
  return 0;
} catch (const rondo::Error& error) {
  std::cerr << "error: " << error.what() << '\n';
  return static_cast<int>(error.kind());
}
