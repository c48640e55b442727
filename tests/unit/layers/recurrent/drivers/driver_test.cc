#include "layers/recurrent/drivers/driver.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "layers/recurrent/common/recurrent_plan.h"
#include "layers/recurrent/drivers/checkpointed.h"
#include "rondo/base/random.h"

// Which driver runs a recurrence, and that it makes no difference to a single bit.

namespace rondo {
namespace {

struct Case {
  std::string cell = "lstm";
  std::int64_t inputs = 3, units = 20;
  std::vector<std::int64_t> lengths = std::vector<std::int64_t>(16, 12);
  StepOptions<float> options = {};
  std::size_t memory = 0;
  std::int64_t blocks = 1;
};

std::vector<std::int64_t> equal(std::int64_t batch, std::int64_t steps) {
  return std::vector<std::int64_t>(static_cast<std::size_t>(batch), steps);
}

/// A plan with the memory and the threads that it runs in.
class Recurrence {
 public:
  explicit Recurrence(const Case& c, int threads = 1)
      : layout_(Layout::from_lengths(c.lengths)), pool_(threads), workspace_(arena_, pool_) {
    plan.shape = {kernels::find_cell(c.cell), c.inputs, c.units};
    plan.shape.blocks = c.blocks;
    plan.options = c.options;
    plan.memory = c.memory;
  }

  std::string driver() { return choose_driver(plan, workspace_).name; }

  /// Outputs, final states and all gradients by one driver.
  std::vector<float> run(const RecurrentDriver<RecurrentPlan<float>>& driver) {
    const std::int64_t total = layout_->total(), batch = layout_->batch(), units = plan.shape.units;
    const std::int64_t columns = plan.info().gates * units, seen = units / plan.shape.blocks;
    RecurrentPlan<float>::Args args;
    RecurrentPlan<float>::Gradients gradients;
    seed_ = 0;
    args.weights.kernel = random(plan.shape.inputs, columns, 0.3F);
    args.weights.recurrent_kernel = random(seen, columns, 0.3F);
    args.weights.bias = random(plan.info().recurrent_bias ? 2 : 1, columns, 0.3F);
    args.x = random(total, plan.shape.inputs, 1);
    args.y = random(total, units, 1);
    gradients.dy = random(total, units, 1);
    // Gradients are added to what is there.
    gradients.weights.kernel = random(plan.shape.inputs, columns, 1);
    gradients.weights.recurrent_kernel = random(seen, columns, 1);
    gradients.weights.bias = random(args.weights.bias.rows, columns, 1);
    gradients.dx = random(total, plan.shape.inputs, 1);
    for (int j = 0; j < plan.info().states; ++j) {
      nth(args.initial, j) = random(batch, units, 1).data;
      nth(args.final, j) = random(batch, units, 1).data;
      nth(gradients.d_state, j) = random(batch, units, 1).data;
    }
    const RecurrentTrace* trace = driver.forward(plan, args, workspace_, true);
    driver.backward(plan, args, *trace, gradients, workspace_);

    std::vector<float> out;
    const auto put = [&](const float* values, std::int64_t count) {
      out.insert(out.end(), values, values + count);
    };
    put(args.y.data, total * units);
    put(gradients.dx.data, total * plan.shape.inputs);
    put(gradients.weights.kernel.data, plan.shape.inputs * columns);
    put(gradients.weights.recurrent_kernel.data, seen * columns);
    put(gradients.weights.bias.data, args.weights.bias.rows * columns);
    for (int j = 0; j < plan.info().states; ++j) {
      put(nth(args.final, j), batch * units);
      put(nth(gradients.d_state, j), batch * units);
    }
    return out;
  }

 private:
  View<float> random(std::int64_t rows, std::int64_t columns, float scale) {
    const RandomStream stream(++seed_);
    auto* values = workspace_.take<float>(rows * columns);
    for (std::int64_t i = 0; i < rows * columns; ++i)
      values[i] = scale * static_cast<float>(stream.normal(static_cast<std::uint64_t>(i)));
    return {values, rows, columns, columns};
  }

  std::shared_ptr<const Layout> layout_;
  Arena arena_;
  Pool pool_;
  Workspace workspace_;
  std::uint64_t seed_ = 0;

 public:
  RecurrentPlan<float> plan{{}, *layout_};
};

std::string driver_of(const Case& c, int threads = 1) { return Recurrence(c, threads).driver(); }

template <class T>
std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const auto& driver : recurrent_drivers<RecurrentPlan<T>>()) out.emplace_back(driver.name);
  return out;
}

TEST(RecurrentDrivers, AreAskedInOneOrder) {
  EXPECT_EQ(names<float>(), (std::vector<std::string>{"checkpointed", "lanes", "single", "rows"}));
  EXPECT_EQ(names<double>(), (std::vector<std::string>{"checkpointed", "rows"}));
}

TEST(RecurrentDrivers, BatchesOfSequencesGoToLanes) {
  EXPECT_EQ(driver_of({.lengths = equal(32, 5)}), "lanes");
  EXPECT_EQ(driver_of({.lengths = equal(7, 5)}), "rows") << "too few sequences for the lanes";
  EXPECT_EQ(driver_of({.units = 256, .lengths = equal(32, 5)}), "rows") << "units fill vectors by themselves";
  std::vector<std::int64_t> ragged = equal(16, 1);
  ragged[0] = 100;
  EXPECT_EQ(driver_of({.lengths = ragged}), "rows") << "most lanes would idle";
}

TEST(RecurrentDrivers, OneLongSequenceThroughASmallLayerGoesToSingle) {
  EXPECT_EQ(driver_of({.lengths = {16}}), "single");
  EXPECT_EQ(driver_of({.lengths = {15}}), "rows") << "packing weights costs a few steps";
  EXPECT_EQ(driver_of({.units = 512, .lengths = {16}}), "rows") << "weights beyond the caches";
  EXPECT_EQ(driver_of({.cell = "mgu", .lengths = {16}}), "rows") << "a cell of two stages";
  Recurrence relu({.lengths = {16}});
  relu.plan.shape.activation = kernels::ActivationKind::relu;
  EXPECT_EQ(relu.driver(), "rows") << "its kernels have tanh and sigmoid";
}

TEST(RecurrentDrivers, OptionsThatLanesDoNotKnowGoToRows) {
  const std::vector<float> values(100'000, 1);
  Case masked, decayed, projected, zoned, normalized;
  masked.options.recurrent_masks = values.data();
  decayed.options.state_decay = {values.data(), 192, 20, 20};
  projected.options.projected = 10;
  zoned.options.zoned[0] = true;
  normalized.options.normalized = true;
  EXPECT_EQ(driver_of(masked), "lanes");
  EXPECT_EQ(driver_of(zoned), "lanes");
  EXPECT_EQ(driver_of(normalized), "lanes");
  EXPECT_EQ(driver_of(projected), "rows");
  EXPECT_EQ(driver_of(decayed), "rows");
  for (Case* c : {&masked, &normalized}) {
    c->cell = "mgu";
    EXPECT_EQ(driver_of(*c), "rows") << "a cell of two stages";
  }
  zoned.lengths = {30};
  EXPECT_EQ(driver_of(zoned), "rows") << "single knows no options";
}

TEST(RecurrentDrivers, BlocksOfUnitsGoToRows) {
  EXPECT_EQ(driver_of({.lengths = equal(32, 5), .blocks = 4}), "rows");
  EXPECT_EQ(driver_of({.lengths = {16}, .blocks = 4}), "rows");
}

/// The same cell, declared to be block-diagonal.
kernels::CellKernels in_blocks(const char* cell) {
  kernels::CellKernels declared = *kernels::find_cell(cell);
  declared.info.recurrence = cells::Recurrence::block_diagonal;
  return declared;
}

TEST(RecurrentDrivers, ACellThatDeclaresBlocksGoesToRowsWithTheBitsOfADenseOneWhereThereIsOneBlock) {
  for (const char* cell : {"lstm", "gru", "mgu"}) {
    const kernels::CellKernels declared = in_blocks(cell);
    for (const std::vector<std::int64_t>& lengths : {equal(32, 5), equal(1, 16)}) {
      Recurrence dense({.cell = cell, .lengths = lengths}), blocks({.cell = cell, .lengths = lengths});
      blocks.plan.shape.cell = &declared;
      EXPECT_EQ(blocks.driver(), "rows") << cell;
      Arena arena;
      Pool pool(1);
      Workspace workspace(arena, pool);
      const std::vector<float> expected = dense.run(choose_driver(dense.plan, workspace)),
                               values = blocks.run(choose_driver(blocks.plan, workspace));
      ASSERT_EQ(values.size(), expected.size());
      EXPECT_EQ(std::memcmp(values.data(), expected.data(), values.size() * sizeof(float)), 0) << cell;
    }
  }
}

TEST(RecurrentDrivers, LittleMemoryIsForCheckpoints) {
  for (const std::int64_t blocks : {1, 4}) {
    Case c{.lengths = equal(16, 100), .blocks = blocks};
    const std::size_t least = least_memory(Recurrence(c).plan);
    c.memory = least;
    EXPECT_EQ(driver_of(c), "checkpointed");
    c.memory = least * 100;
    EXPECT_EQ(driver_of(c), blocks == 1 ? "lanes" : "rows") << "everything fits";
  }
}

TEST(RecurrentDrivers, AreNotChosenByTheNumberOfThreads) {
  for (const Case& c :
       {Case{}, Case{.lengths = {40}}, Case{.units = 256}, Case{.lengths = {9, 8, 7, 6, 5, 4, 3, 2, 1}}}) {
    for (const int threads : {2, 3, 16}) EXPECT_EQ(driver_of(c, threads), driver_of(c));
  }
}

TEST(RecurrentDrivers, GiveTheSameBits) {
  std::vector<std::int64_t> ragged;
  for (std::int64_t b = 0; b < 40; ++b) ragged.push_back(b * 7 % 23);
  const auto& drivers = recurrent_drivers<RecurrentPlan<float>>();
  std::map<std::string, int> compared;
  for (const char* cell : {"lstm", "gru", "simple_rnn", "mgu"}) {
    for (const auto& [lengths, blocks] :
         {std::pair{equal(20, 9), 1}, {ragged, 1}, {equal(1, 30), 1}, {ragged, 4}, {equal(1, 30), 5}}) {
      Case c{.cell = cell, .lengths = lengths, .blocks = blocks};
      const std::vector<float> expected = Recurrence(c).run(drivers.back());
      c.memory = least_memory(Recurrence(c).plan);
      for (const auto& driver : drivers) {
        SCOPED_TRACE(std::string(driver.name) + " for " + cell + " in " + std::to_string(blocks) + " blocks");
        for (const int threads : {1, 3}) {
          Recurrence recurrence(c, threads);
          Arena arena;
          Pool pool(1);
          Workspace workspace(arena, pool);
          if (!driver.applies(recurrence.plan, workspace)) continue;
          const std::vector<float> values = recurrence.run(driver);
          ASSERT_EQ(values.size(), expected.size());
          EXPECT_EQ(std::memcmp(values.data(), expected.data(), values.size() * sizeof(float)), 0);
          ++compared[driver.name];
        }
      }
    }
  }
  for (const auto& driver : drivers) EXPECT_GE(compared[driver.name], 6) << driver.name;
}

}  // namespace
}  // namespace rondo
