// What was found, for people and for machines.

#include <algorithm>
#include <array>

#include "rondo/tasks/check.h"

namespace rondo {

const char* check_level_name(CheckLevel level) {
  constexpr std::array kNames{"ok", "warning", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

std::int64_t CheckReport::count(CheckLevel level) const {
  return std::count_if(findings.begin(), findings.end(),
                       [&](const CheckFinding& finding) { return finding.level == level; });
}

Json CheckReport::to_config() const {
  Json list = Json::array();
  for (const CheckFinding& finding : findings) {
    Json one = Json::object(
        {{"level", check_level_name(finding.level)}, {"topic", finding.topic}, {"what", finding.what}});
    if (!finding.where.empty()) one.set("where", finding.where);
    if (!finding.seen.empty()) one.set("seen", finding.seen);
    if (!finding.fix.empty()) one.set("fix", finding.fix);
    list.push_back(std::move(one));
  }
  const auto estimate = [](double value) { return value > 0 ? Json(value) : Json(); };
  return Json::object(
      {{"source", source},
       {"kind", kind},
       {"target", Json::list(targets)},
       {"time", time},
       {"id", id},
       {"rows", rows},
       {"columns", columns},
       {"series", series},
       {"frequency", frequency},
       {"parameters", parameters > 0 ? Json(parameters) : Json()},
       {"estimate", Json::object({{"seconds", estimate(seconds)}, {"bytes", estimate(bytes)}})},
       {"passed", count(CheckLevel::ok)},
       {"warnings", count(CheckLevel::warning)},
       {"errors", count(CheckLevel::error)},
       {"findings", std::move(list)}});
}

}  // namespace rondo
