#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <vector>

#include "rondo/base/random.h"
#include "rondo/train/optimizers.h"

// Arrays with sparse rows (embeddings): what a step does to the rows that got no gradient, and that it is the
// dense update elsewhere.

namespace rondo {
namespace {

constexpr std::int64_t kRows = 11, kColumns = 3;
using Rows = std::vector<std::int64_t>;

Json with(Json config, const char* key, Json value) {
  config.set(key, std::move(value));
  return config;
}

/// Every optimiser in both conventions, with the options that change its formula. Lion and Adafactor are
/// Keras's only, and Adafactor is never lazy.
std::vector<Json> every_optimizer(bool lazy) {
  std::vector<Json> out;
  for (const std::string convention : {"keras", "torch"}) {
    for (const std::string& name : optimizer_names()) {
      const bool is_known = name != "adafactor" || !lazy;
      const bool is_here = convention == "keras" || (name != "lion" && name != "adafactor");
      if (is_known && is_here) out.push_back(Json::object({{"name", name}}));
    }
    for (const char* json : {R"({"name": "sgd", "momentum": 0.9})", R"({"name": "sgd", "weight_decay": 0.1})",
                             R"({"name": "rmsprop", "centered": true, "momentum": 0.5})",
                             R"({"name": "adagrad", "weight_decay": 0.1, "clipvalue": 0.5})",
                             R"({"name": "adam", "amsgrad": true, "weight_decay": 0.1})"}) {
      out.push_back(parse_json(json));
    }
    for (Json& config : out) {
      if (config.find("convention") == nullptr) config.set("convention", convention);
    }
  }
  return out;
}

/// A dense array, a table with sparse rows, and a dense array again.
ParameterStore some_store(DType dtype = DType::float64) {
  ParameterStore store(dtype);
  store.declare("before", {2, 2});
  store.declare_sparse_rows(store.declare("table", {kRows, kColumns}));
  store.declare("after", {3});
  store.allocate();
  const RandomStream random(4);
  for (const ParameterInfo& info : store.infos()) {
    for (std::int64_t i = info.offset; i < info.offset + info.size; ++i)
      store.values().set(i, random.normal(static_cast<std::uint64_t>(i)));
  }
  return store;
}
constexpr int kTable = 1;

/// Gradients of a step: dense arrays everywhere, the table in `rows`.
void add_gradients(ParameterStore& store, const Rows& rows, std::uint64_t step) {
  const RandomStream random(7, 0, step);
  with_dtype(store.dtype(), [&]<class T>(T) {
    const auto number = [&](std::int64_t i) {
      return static_cast<T>(random.normal(static_cast<std::uint64_t>(i)));
    };
    for (const int dense : {0, 2}) {
      const View<T> gradient = store.mutable_gradient(dense).view<T>();
      for (std::int64_t i = 0; i < gradient.rows * gradient.cols; ++i)
        gradient.data[i] += number(100 * dense + i);
    }
    const View<T> gradient = store.mutable_gradient(kTable, rows).view<T>();
    for (const std::int64_t row : rows) {
      for (std::int64_t c = 0; c < kColumns; ++c) gradient(row, c) += number(1000 + row * kColumns + c);
    }
  });
}

const std::vector<Rows> kSteps = {{4, 1, 9}, {1, 2, 3}, {10}, {}, {0, 9, 1, 8}, {1}};

bool same_tensor_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() &&
         std::memcmp(a.bytes(), b.bytes(), static_cast<std::size_t>(a.size()) * dtype_size(a.dtype())) == 0;
}

/// Trains by `config`; `dense` counts every row as touched, as if the table had no sparse rows.
struct Trained {
  Trained(const Json& config, bool dense, DType dtype = DType::float64)
      : store(some_store(dtype)), optimizer(make_optimizer(config)) {
    for (std::uint64_t k = 0; k < kSteps.size(); ++k) {
      store.zero_gradients();
      add_gradients(store, kSteps[k], k);
      if (dense) store.mutable_gradients();
      norms.push_back(optimizer->step(store).gradient_norm);
    }
  }
  ParameterStore store;
  std::unique_ptr<Optimizer> optimizer;
  std::vector<double> norms;
};

void expect_same(const Trained& a, const Trained& b, const Json& config) {
  EXPECT_TRUE(same_tensor_bits(a.store.values(), b.store.values())) << to_json(config);
  EXPECT_EQ(a.norms, b.norms) << to_json(config);
  const OptimizerState x = a.optimizer->state(a.store), y = b.optimizer->state(b.store);
  ASSERT_EQ(x.slots.size(), y.slots.size());
  for (std::size_t s = 0; s < x.slots.size(); ++s)
    EXPECT_TRUE(same_tensor_bits(x.slots[s].second, y.slots[s].second))
        << to_json(config) << " " << x.slots[s].first;
}

TEST(SparseRows, GiveByDefaultTheBitsOfADenseUpdateWithEveryOptimizer) {
  for (const Json& config : every_optimizer(false)) {
    for (const DType dtype : {DType::float32, DType::float64})
      expect_same(Trained(config, false, dtype), Trained(config, true, dtype), config);
  }
}

TEST(SparseRows, AreClippedAsADenseGradientIs) {
  for (const char* clip : {"clipnorm", "global_clipnorm", "clipvalue"}) {
    for (const bool lazy : {false, true}) {
      for (const char* name : {"sgd", "adagrad", "adam"}) {
        const Json config = Json::object({{"name", name}, {clip, 0.7}, {"lazy", lazy}});
        const Trained sparse(config, false), dense(config, true);
        EXPECT_EQ(sparse.norms, dense.norms) << to_json(config);
        if (!lazy) expect_same(sparse, dense, config);
      }
    }
  }
}

TEST(SparseRows, OfALazyOptimizerRestWithoutAGradient) {
  for (const Json& config : every_optimizer(true)) {
    const auto optimizer = make_optimizer(with(config, "lazy", true));
    ParameterStore store = some_store();
    for (std::uint64_t k = 0; k < kSteps.size(); ++k) {
      const Tensor before = store.get(kTable);
      const OptimizerState state = optimizer->state(store);
      store.zero_gradients();
      add_gradients(store, kSteps[k], k);
      optimizer->step(store);
      const std::set<std::int64_t> touched(kSteps[k].begin(), kSteps[k].end());
      const OptimizerState after = optimizer->state(store);
      for (std::int64_t row = 0; row < kRows; ++row) {
        const bool rests = !touched.contains(row);
        const auto row_of = [&](const Tensor& table) { return table.slice(row, row + 1); };
        EXPECT_EQ(same_tensor_bits(row_of(store.get(kTable)), row_of(before)), rests)
            << to_json(config) << row;
        for (std::size_t s = 0; k > 0 && rests && s < after.slots.size(); ++s) {
          if (!after.slots[s].first.starts_with("table/")) continue;
          EXPECT_TRUE(same_tensor_bits(row_of(after.slots[s].second), row_of(state.slots[s].second)))
              << to_json(config) << after.slots[s].first;
        }
      }
    }
  }
}

TEST(SparseRows, ThatEveryStepOfALazyOptimizerTouchesHaveTheBitsOfTheDenseUpdate) {
  for (const Json& config : every_optimizer(true)) {
    ParameterStore lazy_store = some_store(), dense_store = some_store();
    const auto lazy = make_optimizer(with(config, "lazy", true)), dense = make_optimizer(config);
    for (std::uint64_t k = 0; k < 5; ++k) {
      for (auto [store, optimizer] :
           {std::pair{&lazy_store, lazy.get()}, std::pair{&dense_store, dense.get()}}) {
        store->zero_gradients();
        add_gradients(*store, {2, static_cast<std::int64_t>(k % 2) + 5, 8}, k);
        optimizer->step(*store);
      }
    }
    for (const std::int64_t row : {2, 8})
      EXPECT_TRUE(same_tensor_bits(lazy_store.get(kTable).slice(row, row + 1),
                                   dense_store.get(kTable).slice(row, row + 1)))
          << to_json(config);
    EXPECT_TRUE(same_tensor_bits(lazy_store.get(0), dense_store.get(0))) << "dense arrays know no laziness";
  }
}

TEST(SparseRows, OfALazyOptimizerAreAllUpdatedWhenAStepTouchesAll) {
  for (const Json& config : every_optimizer(true))
    expect_same(Trained(with(config, "lazy", true), true), Trained(config, true), config);
}

TEST(SparseRows, ResumeFromTheStateWithTheSameBits) {
  for (const bool lazy : {false, true}) {
    for (const Json& plain : every_optimizer(lazy)) {
      const Json config = with(plain, "lazy", lazy);
      const Trained whole(config, false);
      ParameterStore store = some_store();
      auto optimizer = make_optimizer(config);
      for (std::uint64_t k = 0; k < kSteps.size(); ++k) {
        if (k == 3) {
          const OptimizerState state = optimizer->state(store);
          optimizer = make_optimizer(parse_json(to_json(optimizer->config())));
          optimizer->restore(store, state);
        }
        store.zero_gradients();
        add_gradients(store, kSteps[k], k);
        optimizer->step(store);
      }
      EXPECT_TRUE(same_tensor_bits(store.values(), whole.store.values())) << to_json(config);
    }
  }
}

TEST(SparseRows, OfABrokenGradientAreNeverHiddenByClipping) {
  for (const bool lazy : {false, true}) {
    ParameterStore store = some_store();
    add_gradients(store, {3}, 0);
    const Rows rows = {3};
    store.mutable_gradient(kTable, rows).view<double>()(3, 1) = std::numeric_limits<double>::infinity();
    const auto sgd = make_optimizer(Json::object({{"name", "sgd"}, {"clipnorm", 1}, {"lazy", lazy}}));
    EXPECT_FALSE(std::isfinite(sgd->step(store).gradient_norm));
    EXPECT_TRUE(std::isnan(store.get(kTable).at(0))) << "row 0 had no gradient";
    EXPECT_TRUE(std::isfinite(store.get(0).at(0))) << "another array";
  }
}

}  // namespace
}  // namespace rondo
