// Every reader of rondo, given damaged files: it ends or throws rondo::Error, within a second for every 10
// MB, and takes no more memory than the file has bytes and 64 MiB.
//
//   fuzz TARGET|all SECONDS CORPUS [SEED]   damages the target's own files and those of CORPUS/TARGET for so
//   long fuzz replay CORPUS                      reads those of CORPUS as they are
//
// What a reader does wrong is kept in the current folder as finding-TARGET-N.

#include <unistd.h>
#include <chrono>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "fuzz/memory.h"
#include "fuzz/mutate_file.h"
#include "fuzz/targets.h"
#include "rondo/base/atomic_file.h"
#include "support/instrumented.h"

namespace rondo::fuzz {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kRoom = std::int64_t{64} << 20;
constexpr double kSecondsPerByte = 1.0 / 10e6;
constexpr double kSlower = kInstrumented ? 10 : 2;  // other programs run beside

/// What is being read, for a handler of signals and of sanitizers.
const std::string* current = nullptr;
std::string current_name;

void keep(const std::string& name, const std::string& bytes) {
  std::ofstream(name, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

extern "C" void on_crash(int signal_number) {
  if (current != nullptr) keep("crash-" + current_name, *current);
  std::signal(signal_number, SIG_DFL);
  std::raise(signal_number);
}

/// "" when the reader did as it should.
std::string trouble_of(const Target& target, const std::string& bytes) {
  current = &bytes;
  current_name = target.name;
  const auto start = Clock::now();
  std::string trouble;
  begin_counting(static_cast<std::int64_t>(bytes.size()) + kRoom);
  try {
    target.read(bytes);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::check_failed)
      trouble = std::string("another kind of error: ") + error.what();
  } catch (const std::exception& error) {
    trouble = std::string("exception ") + error.what();
  }
  end_counting();
  if (was_refused()) trouble = "more than the file's size and 64 MiB of memory";
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  if (seconds > kSlower * std::max(1.0, static_cast<double>(bytes.size()) * kSecondsPerByte))
    trouble += " after " + std::to_string(seconds) + " s";
  current = nullptr;
  return trouble;
}

std::vector<std::string> corpus_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
    paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> out;
  for (const auto& path : paths) out.push_back(read_file(path.string()));
  return out;
}

int replay(const std::vector<Target>& targets, const std::filesystem::path& corpus) {
  int findings = 0, read = 0;
  for (const Target& target : targets) {
    std::vector<std::string> inputs = corpus_of(corpus / target.name);
    inputs.insert(inputs.end(), target.seeds.begin(), target.seeds.end());
    for (const std::string& bytes : inputs) {
      ++read;
      const std::string trouble = trouble_of(target, bytes);
      if (trouble.empty()) continue;
      ++findings;
      std::cerr << target.name << ": " << trouble << '\n';
    }
  }
  std::cout << read << " files, " << findings << " findings\n";
  return findings == 0 ? 0 : 1;
}

int fuzz(const Target& target, double seconds, const std::filesystem::path& corpus, std::uint64_t seed) {
  constexpr int kMostFindings = 20;
  Random random(seed);
  std::vector<std::string> seeds = target.seeds;
  for (std::string& bytes : corpus_of(corpus / target.name)) seeds.push_back(std::move(bytes));
  const auto start = Clock::now();
  int findings = 0;
  long inputs = 0;
  while (std::chrono::duration<double>(Clock::now() - start).count() < seconds && findings < kMostFindings) {
    const std::string bytes = target.form == Target::Form::tensors ? mutated_tensor_bytes(seeds, random)
                                                                   : mutated_words(seeds, random);
    ++inputs;
    const std::string trouble = trouble_of(target, bytes);
    if (trouble.empty()) continue;
    const std::string name = "finding-" + target.name + "-" + std::to_string(findings++);
    keep(name, bytes);
    std::cerr << name << ": " << trouble << '\n';
  }
  std::cout << target.name << ": " << inputs << " inputs, " << findings << " findings" << std::endl;
  return findings == 0 ? 0 : 1;
}

int run(int argc, char** argv) {
  const std::string scratch =
      (std::filesystem::temp_directory_path() / ("rondo_fuzz_" + std::to_string(::getpid()))).string();
  std::filesystem::create_directories(scratch);
  const std::vector<Target> targets = all_targets(scratch);
  for (const int number : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS}) std::signal(number, on_crash);
  int status = 0;
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "replay") {
    status = replay(targets, argc > 2 ? argv[2] : "");
  } else {
    bool known = false;
    for (const Target& target : targets) {
      if (what != "all" && what != target.name) continue;
      known = true;
      status |= fuzz(target, argc > 2 ? std::atof(argv[2]) : 60, argc > 3 ? argv[3] : "",
                     argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 1);
    }
    if (!known) std::cerr << "there is no target '" << what << "'\n";
    status |= known ? 0 : 2;
  }
  std::filesystem::remove_all(scratch);
  return status;
}

}  // namespace
}  // namespace rondo::fuzz

int main(int argc, char** argv) { return rondo::fuzz::run(argc, argv); }
