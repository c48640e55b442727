#include "rondo/base/pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#include "rondo/base/error.h"

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

TEST(Pool, IsNotAskedForMoreThreadsThanTheMachineCouldUse) {
  for (const std::int64_t wrong : {std::int64_t{-1}, std::int64_t{100'000}, (std::int64_t{1} << 32) + 1}) {
    try {
      Pool pool(wrong);
      ADD_FAILURE() << wrong << " threads";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
    }
  }
}

/// Whether a child process, in which no thread can be started, ends with this code within ten seconds.
void expect_child(int code, const std::function<int()>& child) {
  const pid_t process = fork();
  ASSERT_GE(process, 0);
  if (process == 0) _exit(child());
  int status = 0;
  for (int i = 0; i < 1000 && waitpid(process, &status, WNOHANG) == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  if (!WIFEXITED(status)) kill(process, SIGKILL);
  ASSERT_TRUE(WIFEXITED(status)) << "the child hangs";
  EXPECT_EQ(WEXITSTATUS(status), code);
}

void forbid_threads() {
  // Room for the stacks of a few threads and no more.
  rlimit limit{};
  getrlimit(RLIMIT_AS, &limit);
  std::ifstream pages("/proc/self/statm");
  rlim_t used = 0;
  pages >> used;
  limit.rlim_cur = used * 4096 + (rlim_t{20} << 20);
  setrlimit(RLIMIT_AS, &limit);
}

TEST(Pool, AThreadThatCannotBeStartedIsAnError) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer needs all addresses";
#endif
  expect_child(static_cast<int>(ErrorKind::resources), [] {
    forbid_threads();
    try {
      Pool pool(64);
    } catch (const Error& error) {
      return static_cast<int>(error.kind());
    }
    return 0;
  });
}

TEST(Pool, WorksInAForkedChild) {
  Pool pool(3);
  std::atomic<int> ran{0};
  pool.run(6, [&](int) { ++ran; });
  expect_child(12, [&] {
    pool.run(6, [&](int) { ++ran; });
    return ran.load();
  });
  pool.run(6, [&](int) { ++ran; });
  EXPECT_EQ(ran.load(), 12) << "the parent goes on";
}

TEST(Pool, GoesInAForkedChildThatHasNotUsedIt) {
  auto pool = std::make_unique<Pool>(3);
  expect_child(0, [&] {
    pool.reset();
    return 0;
  });
}

}  // namespace
}  // namespace rondo
