#include "rondo/data/events.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "rondo/base/random.h"
#include "unit/data/expect_error.h"
#include "unit/data/scratch.h"

namespace rondo {
namespace {

struct Row {
  std::string record;
  double time;
  std::string parameter;
  double value;
};

std::string csv(const std::vector<Row>& rows) {
  std::string text = "record,time,parameter,value\n";
  for (const Row& r : rows)
    text +=
        r.record + "," + std::to_string(r.time) + "," + r.parameter + "," + std::to_string(r.value) + "\n";
  return text;
}
Events events_of(const std::vector<Row>& rows, const EventColumns& columns = {}) {
  return Events(parse_csv(csv(rows), {.header = "yes", .text_columns = {"parameter"}}), columns);
}
std::vector<std::int64_t> all_of(const Events& events) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(events.size()));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}
bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() &&
         std::memcmp(a.bytes(), b.bytes(), static_cast<std::size_t>(a.size()) * dtype_size(a.dtype())) == 0;
}

/// Readings at random times, several at one time among them.
std::vector<Row> random_rows(std::uint64_t seed, int count = 300) {
  const RandomStream random(seed);
  std::vector<Row> rows;
  std::uint64_t draw = 0;
  for (const std::string record : {"7", "31", "4"})
    rows.push_back({record, 0, "Age", 40 + 10 * random.uniform(++draw)});
  for (int i = 0; i < count; ++i) {
    rows.push_back({std::vector<std::string>{"7", "31", "4"}[random.below(++draw, 3)],
                    static_cast<double>(random.below(++draw, 240)) / 4,
                    std::vector<std::string>{"HR", "Temp", "pH"}[random.below(++draw, 3)],
                    std::floor(100 * random.normal(++draw)) / 8});
  }
  return rows;
}
void shuffle(std::vector<Row>& rows, std::uint64_t seed) {
  std::vector<std::int64_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0);
  shuffle_indices(RandomStream(seed), order);
  std::vector<Row> out;
  for (const std::int64_t i : order) out.push_back(rows[static_cast<std::size_t>(i)]);
  rows = out;
}

const std::vector<EventGridOptions> kGrids = {{},
                                              {.step = 1},
                                              {.step = 1, .until = 48},
                                              {.step = 2.5, .until = 48, .combine = "mean"},
                                              {.until = 20, .elapsed_unit = 10}};

TEST(Events, AreSortedByRecordTimeAndParameterWhateverTheOrderOfRows) {
  const Events events =
      events_of({{"10", 5, "b", 1}, {"9", 2, "b", 3}, {"10", 1, "a", 4}, {"10", 5, "a", 2}});
  EXPECT_EQ(events.size(), 2);
  EXPECT_EQ(events.records()[0], "9");  // by number
  EXPECT_EQ(events.find("10"), 1);
  EXPECT_EQ(events.find("11"), -1);
  std::vector<double> values;
  for (const Reading& r : events.readings(1)) values.push_back(r.value);
  EXPECT_EQ(values, (std::vector<double>{4, 2, 1}));
}

TEST(EventGrid, DoesNotDependOnTheOrderOfRows) {
  std::vector<Row> rows = random_rows(1);
  const Events events = events_of(rows);
  for (const EventGridOptions& options : kGrids) {
    const EventGrid grid(events, all_of(events), options);
    const EventArrays expected = grid.arrays(events, all_of(events));
    for (std::uint64_t seed = 1; seed < 6; ++seed) {
      shuffle(rows, seed);
      const Events mixed = events_of(rows);
      const EventGrid other(mixed, all_of(mixed), options);
      EXPECT_EQ(to_json(other.to_config()), to_json(grid.to_config()));
      const EventArrays arrays = other.arrays(mixed, all_of(mixed));
      EXPECT_TRUE(same_bits(arrays.sequences.values(), expected.sequences.values()));
      EXPECT_TRUE(same_bits(arrays.statics, expected.statics));
    }
  }
}

RC_GTEST_PROP(EventGrid, HasNothingOfLaterReadingsInEarlierSteps, ()) {
  const auto seed = *rc::gen::inRange<std::uint64_t>(0, 1000);
  const auto cut = *rc::gen::inRange(1, 40);
  const EventGridOptions options = kGrids[*rc::gen::inRange<std::size_t>(0, kGrids.size())];
  std::vector<Row> rows = random_rows(seed);
  const Events events = events_of(rows);
  const EventGrid grid(events, all_of(events),
                       options);  // fitted before the change: scales are of the training records

  std::vector<Row> changed;
  std::uint64_t draw = 0;
  const RandomStream random(seed + 1);
  for (const Row& row : rows) {
    const bool late = row.time >= cut;
    if (late && random.uniform(++draw) < 0.3) continue;
    changed.push_back({row.record, late ? row.time + random.uniform(++draw) : row.time, row.parameter,
                       late ? 1e3 * random.normal(++draw) : row.value});
  }
  for (const char* record : {"7", "31", "4"}) changed.push_back({record, cut + 0.5, "HR", 1e4});
  const Events later = events_of(changed);
  for (std::int64_t record = 0; record < events.size(); ++record) {
    const Tensor a = grid.arrays(events, std::vector{record}).sequences.sample(0),
                 b = grid.arrays(later, std::vector{record}).sequences.sample(0);
    std::int64_t before = 0;  // steps that end at the cut or earlier
    if (options.step > 0) {
      before = static_cast<std::int64_t>(std::floor(cut / options.step));
    } else {
      double last = -1;
      for (const Reading& r : events.readings(record)) {
        const bool used = r.time < cut && (options.until == 0 || r.time < options.until) &&
                          events.parameters()[static_cast<std::size_t>(r.parameter)] != "Age";
        before += used && r.time != last;
        if (used) last = r.time;
      }
    }
    before = std::min({before, a.dim(0), b.dim(0)});
    RC_ASSERT(same_bits(a.slice(0, before), b.slice(0, before)));
  }
}

TEST(EventGrid, PutsReadingsIntoBinsWithMasksAndElapsedTimes) {
  const Events events = events_of({{"1", 0, "a", 10},
                                   {"1", 59, "a", 20},
                                   {"1", 59, "a", 40},
                                   {"1", 125, "a", 50},
                                   {"1", 60, "b", 7},
                                   {"1", 61, "b", 9},
                                   {"1", 240, "b", 1}});
  EventGridOptions options{.step = 60, .until = 240, .outliers = 0, .elapsed_unit = 60};
  for (const bool mean : {false, true}) {
    options.combine = mean ? "mean" : "last";
    const EventGrid grid(events, std::vector<std::int64_t>{0}, options);
    EXPECT_EQ(grid.parameters(), (std::vector<std::string>{"a", "b"}));
    const EventArrays arrays = grid.arrays(events, std::vector<std::int64_t>{0}, DType::float64);
    const Tensor x = arrays.sequences.sample(0);
    ASSERT_EQ(x.shape(), (Shape{4, 6}));
    const auto column = [&](std::int64_t c) {
      std::vector<double> out;
      for (std::int64_t t = 0; t < 4; ++t) out.push_back(x.at(t * 6 + c));
      return out;
    };
    const auto scaled = [&](double v, double mean_of, double deviation) { return (v - mean_of) / deviation; };
    const double a_deviation = std::sqrt((400.0 + 100 + 100 + 400) / 4);  // of 10, 20, 40, 50
    const double first = scaled(mean ? 20 : 30, 30, a_deviation);         // at 59: the mean of 20 and 40
    const double third = scaled(50, 30, a_deviation);
    EXPECT_EQ(column(0), (std::vector<double>{first, first, third, third}));
    EXPECT_EQ(column(1), (std::vector<double>{0, mean ? 0.0 : 1.0, mean ? 0.0 : 1.0, mean ? 0.0 : 1.0}));
    EXPECT_EQ(column(2), (std::vector<double>{1, 0, 1, 0}));
    EXPECT_EQ(column(3), (std::vector<double>{0, 1, 0, 0}));
    EXPECT_EQ(column(4), (std::vector<double>{0, 1, 2, 1}));  // Che et al. 2018, eq. 1
    EXPECT_EQ(column(5), (std::vector<double>{0, 1, 1, 2}));
    ASSERT_EQ(arrays.notes.size(), 1U);
    EXPECT_NE(arrays.notes[0].find("1 readings at the end"), std::string::npos) << arrays.notes[0];
  }
}

TEST(EventGrid, WithoutBinsHasAStepAtEveryTime) {
  const Events events = events_of(
      {{"1", 1.5, "a", 10}, {"1", 1.5, "b", 3}, {"1", 4, "a", 30}, {"2", 9, "b", 5}, {"3", 0, "c", 5}});
  const EventGrid grid(events, std::vector<std::int64_t>{0, 1}, {.elapsed_unit = 1});
  const EventArrays arrays = grid.arrays(events, all_of(events), DType::float64);
  EXPECT_EQ(arrays.sequences.sample(0).shape(), (Shape{2, 6}));
  EXPECT_EQ(arrays.sequences.sample(0).at(6 + 4), 2.5);
  EXPECT_EQ(arrays.sequences.sample(1).shape(), (Shape{1, 6}));
  EXPECT_EQ(arrays.sequences.sample(2).shape(),
            (Shape{0, 6}));  // a record without known readings has no step
  ASSERT_EQ(arrays.notes.size(), 1U);
  EXPECT_NE(arrays.notes[0].find("c (1)"), std::string::npos);
}

TEST(EventGrid, FindsDescriptorsAndTheirKinds) {
  std::vector<Row> rows;
  for (int i = 0; i < 20; ++i) {
    const std::string record = std::to_string(100 + i);
    rows.push_back({record, 0, "Age", 30.5 + i});
    rows.push_back({record, 0, "Sex", static_cast<double>(i % 2)});
    rows.push_back({record, 0, "Height", i % 3 == 0 ? -1 : 150.0 + i});
    rows.push_back({record, 0, "HR", 80.0 + i});
    rows.push_back({record, 7, "HR", 80.0 - i});
  }
  const Events events = events_of(rows);
  const EventGrid grid(events, all_of(events), {.step = 1, .unknown_at_start = {-1}});
  EXPECT_EQ(grid.parameters(), std::vector<std::string>{"HR"});
  EXPECT_EQ(grid.static_columns(),
            (std::vector<std::string>{"Age", "Height", "Height known", "Sex=0", "Sex=1"}));
  const Tensor statics = grid.arrays(events, all_of(events), DType::float64).statics;
  for (std::int64_t i = 0; i < 20; ++i) {
    EXPECT_EQ(statics.at(i * 5 + 2), i % 3 == 0 ? 0 : 1);
    if (i % 3 == 0) {
      EXPECT_EQ(statics.at(i * 5 + 1), 0);  // the mean of those that are known
    }
    EXPECT_EQ(statics.at(i * 5 + 3 + i % 2), 1);
    EXPECT_EQ(statics.at(i * 5 + 4 - i % 2), 0);
  }
}

TEST(EventGrid, LearnsFromTrainingRecordsOnlyAndIsRobustToOutliers) {
  std::vector<Row> rows;
  for (int i = 0; i < 400; ++i) {
    rows.push_back({std::to_string(i), 1, "HR", 80.0 + i % 20});
    rows.push_back({std::to_string(i), 2, "HR", i == 0 ? 1e9 : 80.0 + i % 20});
  }
  const Events events = events_of(rows);
  std::vector<std::int64_t> training(300);
  std::iota(training.begin(), training.end(), 0);
  const EventGrid grid(events, training, {.step = 1});
  std::vector<Row> others = rows;
  for (Row& row : others) {
    if (std::stoi(row.record) >= 300) row.value *= -1e6;
  }
  const Events changed = events_of(others);
  EXPECT_EQ(to_json(EventGrid(changed, training, {.step = 1}).to_config()), to_json(grid.to_config()));
  const Tensor x = grid.arrays(events, training, DType::float64).sequences.values();
  for (std::int64_t r = 0; r < x.dim(0); ++r)
    EXPECT_LT(std::abs(x.at(3 * r)), 2) << "one outlier squeezes nothing";
}

TEST(EventGrid, LeavesRareParametersOutAndSaysSo) {
  std::vector<Row> rows;
  for (int i = 0; i < 200; ++i) rows.push_back({std::to_string(i), 1, "HR", 80.0 + i});
  rows.push_back({"5", 1, "Troponin", 3});
  rows.push_back({"6", 1, "Lactate", 3});
  rows.push_back({"7", 1, "Lactate", 3});
  const Events events = events_of(rows);
  const EventGrid grid(events, all_of(events), {.step = 1});
  EXPECT_EQ(grid.parameters(), (std::vector<std::string>{"HR", "Lactate"}));
  ASSERT_EQ(grid.notes().size(), 2U);
  EXPECT_NE(grid.notes()[0].find("'Lactate' is constant"), std::string::npos) << grid.notes()[0];
  EXPECT_NE(grid.notes()[1].find("fewer than 1 % of the training records have them: Troponin"),
            std::string::npos)
      << grid.notes()[1];
  EXPECT_TRUE(grid.arrays(events, all_of(events)).notes.empty());  // said once
}

TEST(EventGrid, SurvivesItsConfigToTheLastBit) {
  const Events events = events_of(random_rows(3));
  for (const EventGridOptions& options : kGrids) {
    const EventGrid grid(events, std::vector<std::int64_t>{0, 2}, options);
    const EventGrid again = EventGrid::from_config(parse_json(to_json(grid.to_config())));
    const EventArrays a = grid.arrays(events, all_of(events)), b = again.arrays(events, all_of(events));
    EXPECT_TRUE(same_bits(a.sequences.values(), b.sequences.values()));
    EXPECT_TRUE(same_bits(a.statics, b.statics));
    EXPECT_EQ(a.notes, b.notes);
  }
}

TEST(Events, CountDatesFromTheFirstReadingOfTheirRecord) {
  const Events events(
      parse_csv("patient,charted,item,reading\n"
                "p1,2020-03-01 10:30:00,HR,80\np1,2020-03-01 10:00:00,HR,70\np2,2021-01-01 00:00:00,HR,60\n"),
      {.record = "patient", .time = "charted", .parameter = "item", .value = "reading"});
  EXPECT_EQ(events.readings(0)[0].time, 0);
  EXPECT_EQ(events.readings(0)[1].time, 1800);
  EXPECT_EQ(events.readings(1)[0].time, 0);
}

TEST(Events, AreReadFromGzipAndCodesMayBeNumbers) {
  const Scratch scratch;
  const auto path = scratch.write_gzip("events.csv.gz",
                                       "who,t,itemid,v,note\nx,1,220045,80,a\ny,2,220045,,b\ny,3,51,1,c\n");
  const Events events =
      read_events(path, {.record = "who", .time = "t", .parameter = "itemid", .value = "v"});
  EXPECT_EQ(events.total(), 2);
  EXPECT_EQ(events.without_value(), 1);
  EXPECT_EQ(events.parameters()[0], "51");
  EXPECT_EQ(events.parameters()[1], "220045");
}

TEST(EventGrid, FindsParametersByNameThoughCodesAreSortedByNumber) {
  std::vector<Row> rows;
  for (int i = 0; i < 10; ++i) {
    for (const char* code : {"9", "10", "100", "20"})
      rows.push_back({std::to_string(i), 1.0 + i, code, 1.0 * i});
  }
  const Events events(parse_csv(csv(rows)));
  EventGridOptions options{.step = 1};
  options.parameters = {"100", "9"};
  const EventGrid grid(events, all_of(events), options);
  EXPECT_EQ(grid.parameters().size(), 2U);
}

TEST(EventLabels, AreFoundByRecord) {
  const Events events = events_of({{"10", 5, "b", 1}, {"9", 2, "b", 3}});
  const EventLabels labels =
      read_event_labels(parse_csv("id,died\n10,1\n11,1\n9,0\n10,1\n"), events, "id", "died");
  EXPECT_EQ(labels.values, (std::vector<double>{0, 1}));
  EXPECT_EQ(labels.unused, 1);
}

TEST(Events, SayWhatIsWrongWithATable) {
  const auto read = [](const std::string& text, const EventColumns& columns = {}) {
    return Events(parse_csv(text, {.header = "yes"}, "events.csv"), columns);
  };
  expect_error(ErrorKind::data, {"no column 'parameter'", "events.csv", "did you mean 'parametr'"},
               [&] { read("record,time,parametr,value\n1,2,a,3\n"); });
  expect_error(ErrorKind::data, {"not a number", "line 3", "'value'", "high"},
               [&] { read("record,time,parameter,value\n1,2,a,3\n1,2,a,high\n"); });
  expect_error(ErrorKind::data, {"no time", "line 3", "'time'"},
               [&] { read("record,time,parameter,value\n1,2,a,3\n1,,a,4\n"); });
  expect_error(ErrorKind::data, {"no record", "line 3", "'record'"},
               [&] { read("record,time,parameter,value\n1,2,a,3\n,5,a,4\n"); });
  expect_error(ErrorKind::data, {"no parameter", "line 2", "'parameter'"},
               [&] { read("record,time,parameter,value\n1,2,,3\n2,5,a,4\n"); });
  expect_error(ErrorKind::data, {"has no reading", "2 rows"},
               [&] { read("record,time,parameter,value\n1,2,a,\n2,5,a,\n"); });
}

TEST(EventLabels, SayWhatIsWrongWithThem) {
  const Events events = events_of({{"10", 5, "b", 1}, {"9", 2, "b", 3}, {"12", 2, "b", 3}});
  const auto read = [&](const std::string& text) {
    return read_event_labels(parse_csv(text, {.header = "yes"}, "outcomes.csv"), events, "id", "died");
  };
  expect_error(ErrorKind::data, {"have no outcome", "outcomes.csv", "2 of 3 records", "'9'"},
               [&] { read("id,died\n10,1\n"); });
  expect_error(ErrorKind::data, {"two different outcomes", "'10'", "line 2", "line 3"},
               [&] { read("id,died\n10,1\n10,0\n"); });
  expect_error(ErrorKind::data, {"has no outcome", "'10'", "line 3"}, [&] { read("id,died\n9,1\n10,\n"); });
  expect_error(ErrorKind::data, {"not a number", "yes"}, [&] { read("id,died\n9,1\n10,yes\n"); });
  expect_error(ErrorKind::data, {"no column 'died'"}, [&] { read("id,dead\n9,1\n"); });
}

TEST(EventGrid, SaysWhatIsWrongWithItsOptions) {
  const Events events =
      events_of({{"1", 0, "age", 4}, {"1", 2, "HR", 1}, {"2", 1, "HR", 3}, {"2", 1, "pH", 3}});
  const std::vector<std::int64_t> first = {0};
  const auto make = [&](const EventGridOptions& options) { EventGrid(events, first, options); };
  expect_error(ErrorKind::usage, {"'step' is out of range", "-1"}, [&] { make({.step = -1}); });
  expect_error(ErrorKind::usage, {"'until' is out of range"}, [&] { make({.until = std::nan("")}); });
  expect_error(ErrorKind::usage, {"'outliers' is out of range"}, [&] { make({.outliers = 0.5}); });
  expect_error(ErrorKind::usage, {"'combine' is unknown", "median"}, [&] { make({.combine = "median"}); });
  expect_error(ErrorKind::usage, {"training records", "none"}, [&] { EventGrid(events, {}, {}); });
  expect_error(ErrorKind::usage, {"no such record", "0 to 1"},
               [&] { EventGrid(events, std::vector<std::int64_t>{2}, {}); });
  EventGridOptions named;
  named.parameters = {"HRs"};
  expect_error(ErrorKind::data, {"no parameter 'HRs'", "did you mean 'HR'"}, [&] { make(named); });
  named.parameters = {"pH"};
  expect_error(ErrorKind::data, {"'pH' has no reading in the training records", "'parameters'"},
               [&] { make(named); });
  named.parameters = {"HR"};
  named.statics = {"HR"};
  expect_error(ErrorKind::data, {"'HR' is never read at time 0"}, [&] { make(named); });
  expect_error(ErrorKind::data, {"no parameter is read over time"}, [&] { make({.until = 1}); });
  expect_error(ErrorKind::data, {"too many steps", "from_first"}, [&] {
    const Events epoch = events_of({{"1", 1.7e9, "a", 4}, {"1", 1.8e9, "a", 3}});
    EventGrid(epoch, first, {.step = 1});
  });
  Json config = EventGrid(events, first, {.step = 1}).to_config();
  config.set("elapsed_unit", 0.0);
  expect_error(ErrorKind::usage, {"unit of elapsed times"}, [&] { EventGrid::from_config(config); });
}

}  // namespace
}  // namespace rondo
