#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace rondo {

/// What the charts of a report are drawn from.
inline nlohmann::json data_of(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"report-data\">";
  const std::size_t begin = page.find(open) + open.size();
  return nlohmann::json::parse(page.substr(begin, page.find("</script", begin) - begin));
}

}  // namespace rondo
