#include "protocol.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iostream>
#include <numeric>
#include <thread>

#include "fma_burst.h"
#include "rondo/base/error.h"

namespace rondo::bench {

namespace {

using Clock = std::chrono::steady_clock;

double microseconds(Clock::duration d) { return std::chrono::duration<double, std::micro>(d).count(); }

double process_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// Runs shorter than this are timed in groups: reading the clock must not count.
constexpr double kGroupMicroseconds = 20;

Json time_work(Work& work, double seconds, bool warm) {
  auto begin = Clock::now();
  std::int64_t group = 1;
  if (warm) {
    work.run();
    // The first run is cold and one run of a step mostly clock: so the group itself is measured until it is
    // long enough.
    while (microseconds(Clock::now() - begin) < kGroupMicroseconds) {
      group *= 2;
      begin = Clock::now();
      for (std::int64_t i = 0; i < group; ++i) work.run();
    }
  }
  std::vector<double> times;
  const double cpu = process_seconds();
  const auto start = Clock::now();
  do {
    begin = Clock::now();
    for (std::int64_t i = 0; i < group; ++i) work.run();
    times.push_back(microseconds(Clock::now() - begin) / static_cast<double>(group));
  } while (microseconds(Clock::now() - start) < seconds * 1e6);
  const double wall = microseconds(Clock::now() - start) * 1e-6;
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::ranges::nth_element(times, middle);
  return Json::object({{"us", *middle},
                       {"runs", static_cast<std::int64_t>(times.size()) * group},
                       {"cpu_share", (process_seconds() - cpu) / wall}});
}

Json burst(int threads) {
  std::vector<double> speeds(static_cast<std::size_t>(threads));
  std::vector<std::thread> others;
  // Long enough that all threads run at the same time most of it, though they start one after the other.
  const std::int64_t rounds = threads > 1 ? 400000 : 60000;
  for (std::size_t i = 1; i < speeds.size(); ++i)
    others.emplace_back([&speeds, i, rounds] { speeds[i] = fma_burst(rounds); });
  speeds[0] = fma_burst(rounds);
  for (std::thread& other : others) other.join();
  return Json::object({{"gflops", std::accumulate(speeds.begin(), speeds.end(), 0.0)}});
}

}  // namespace

const Tensor& given_array(const TensorFile& given, const std::string& name) {
  const Tensor* array = given.find(name);
  if (array == nullptr) throw Missing{"the exchange file has no array '" + name + "'"};
  return *array;
}

int serve(const std::string& version, const Opener& open) {
  std::unique_ptr<Work> work;
  for (std::string line; std::getline(std::cin, line);) {
    Json answer;
    try {
      const Json request = parse_json(line, "request");
      const std::string what = request.at("do").as_string();
      if (what == "version") {
        answer = Json::object({{"version", version}});
      } else if (what == "open") {
        work.reset();
        work = open(request, read_tensor_file(request.at("given").as_string()));
        write_tensor_file(request.at("produced").as_string(), work->outputs());
        work->run();
        answer = Json::object({{"ready", true}, {"how", work->how()}});
      } else if (what == "time") {
        answer = time_work(*work, request.at("seconds").as_real(), request.at("warm").as_bool());
      } else if (what == "burst") {
        answer = burst(static_cast<int>(request.at("threads").as_integer()));
      } else if (what == "close") {
        work.reset();
        answer = Json::object({{"closed", true}});
      } else {
        answer = Json::object({{"error", "unknown request " + what}});
      }
    } catch (const Missing& missing) {
      answer = Json::object({{"missing", missing.why}});
    } catch (const std::exception& error) {
      answer = Json::object({{"error", error.what()}});
    }
    std::cout << to_json(answer) << std::endl;
  }
  return 0;
}

}  // namespace rondo::bench
