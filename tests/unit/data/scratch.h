#pragma once

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "support/source_folder.h"

namespace rondo {

/// A folder that is gone with the test.
class Scratch {
 public:
  Scratch() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() / ("rondo_data_" + std::to_string(::getpid()) + "_" +
                                                        test->test_suite_name() + "_" + test->name());
    std::filesystem::create_directories(folder_);
  }
  ~Scratch() { std::filesystem::remove_all(folder_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::filesystem::path path(const std::string& name) const { return folder_ / name; }
  std::filesystem::path write(const std::string& name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  std::filesystem::path write_gzip(const std::string& name, std::string_view text) const {
    gzFile file = gzopen(path(name).c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
    return path(name);
  }

 private:
  std::filesystem::path folder_;
};

/// The shared data sets, or an empty path on machines that do not have them.
inline std::filesystem::path shared_data() {
  std::error_code ignored;
  if (const char* given = std::getenv("RONDO_SHARED_DATA")) return given;
  const auto beside = source_folder() / "../shared/data";
  if (std::filesystem::is_directory(beside, ignored)) return beside;
  return {};
}

}  // namespace rondo
