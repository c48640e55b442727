#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "rondo/tasks/page.h"

#include "support/source_folder.h"

namespace rondo {

/// What the scripts of a page draw from.
inline nlohmann::json data_of(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"report-data\">";
  const std::size_t begin = page.find(open) + open.size();
  return nlohmann::json::parse(page.substr(begin, page.find("</script", begin) - begin));
}

/// What the part of this kind draws from; null where the page has none.
inline nlohmann::json part_data(const nlohmann::json& data, const std::string& kind,
                                const std::string& id = {}) {
  for (const nlohmann::json& part : data.at("parts"))
    if (part.at("kind") == kind && (id.empty() || part.at("id") == id)) return part;
  return {};
}

/// The section or heading with this id, up to the end of the section.
inline std::string section_of(const std::string& page, const std::string& id) {
  const std::size_t begin = page.find("id=\"" + id + "\"");
  return begin == std::string::npos ? "" : page.substr(begin, page.find("</section>", begin) - begin);
}

inline std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// Runs the page's scripts without a browser (tests/tools/run_page.js, by Node.js) and returns what they
/// drew; fails, with its message, when one of them throws.
inline nlohmann::json run_scripts(const std::string& page) {
  namespace fs = std::filesystem;
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const fs::path folder = fs::temp_directory_path() / (std::string("rondo-page-") + test->name());
  fs::create_directories(folder);
  std::ofstream(folder / "page.html") << page;
  const std::string command = "node '" + (source_folder() / "tests/tools/run_page.js").string() + "' '" +
                              (folder / "page.html").string() + "' 2>&1";
  std::string output;
  std::FILE* pipe = popen(command.c_str(), "r");
  char buffer[4096];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    output.append(buffer, got);
  const int status = pclose(pipe);
  fs::remove_all(folder);
  EXPECT_EQ(status, 0) << output;
  return status == 0 ? nlohmann::json::parse(output) : nlohmann::json();
}

}  // namespace rondo
