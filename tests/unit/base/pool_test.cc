#include "rondo/base/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

namespace rondo {
namespace {

TEST(Pool, RunsEveryPartOnce) {
  for (const int threads : {1, 2, 3, 8}) {
    Pool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (const int parts : {0, 1, 2, 3, 7, 100}) {
      std::vector<std::atomic<int>> ran(static_cast<std::size_t>(parts));
      pool.run(parts, [&](int part) { ++ran[static_cast<std::size_t>(part)]; });
      for (const auto& count : ran) EXPECT_EQ(count.load(), 1);
    }
  }
}

TEST(Pool, HasOneThreadPerCoreByItself) { EXPECT_GE(Pool(0).threads(), 1); }

TEST(Pool, ShowsTheCallerWhatThePartsWrote) {
  Pool pool(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<int> written(50, 0);
    pool.run(50, [&](int part) { written[static_cast<std::size_t>(part)] = part + round; });
    EXPECT_EQ(std::accumulate(written.begin(), written.end(), 0), 49 * 50 / 2 + 50 * round);
  }
}

TEST(Pool, RethrowsAndGoesOnWorking) {
  for (const int threads : {1, 3}) {
    Pool pool(threads);
    for (int round = 0; round < 50; ++round) {
      try {
        pool.run(6, [](int part) {
          if (part % 2 == 1) throw std::runtime_error("part");
        });
        ADD_FAILURE() << "nothing was thrown";
      } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "part");
      }
      std::atomic<int> ran{0};
      pool.run(6, [&](int) { ++ran; });
      EXPECT_EQ(ran.load(), 6);
    }
  }
}

TEST(Pool, RunsAJobWithinAJob) {
  Pool pool(3);
  std::atomic<int> ran{0};
  pool.run(5, [&](int) { pool.run(7, [&](int) { ++ran; }); });
  EXPECT_EQ(ran.load(), 35);
}

TEST(Pool, ServesTwoCallersAtOnce) {
  Pool pool(2);
  std::atomic<int> ran{0};
  const auto call = [&] {
    for (int i = 0; i < 500; ++i) pool.run(3, [&](int) { ++ran; });
  };
  std::jthread other(call);
  call();
  other.join();
  EXPECT_EQ(ran.load(), 3000);
}

TEST(Pool, DoesNotStallInTenThousandRuns) {
  Pool pool(2);
  std::atomic<int> ran{0};
  for (int i = 0; i < 10'000; ++i) pool.run(2, [&](int) { ++ran; });
  EXPECT_EQ(ran.load(), 20'000);
}

TEST(Pool, EndsWhileItsThreadsSleepOrWake) {
  for (int i = 0; i < 100; ++i) {
    Pool pool(3);
    if (i % 2 == 0) pool.run(3, [](int) {});
  }
}

}  // namespace
}  // namespace rondo
