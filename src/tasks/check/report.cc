// What was found, for people and for machines.

#include <algorithm>

#include "rondo/check.h"

namespace rondo {

const char* check_level_name(CheckLevel level) {
  switch (level) {
    case CheckLevel::ok: return "ok";
    case CheckLevel::warning: return "warning";
    case CheckLevel::error: return "error";
  }
  return "";
}

std::int64_t CheckReport::count(CheckLevel level) const {
  return std::count_if(findings.begin(), findings.end(),
                       [&](const CheckFinding& finding) { return finding.level == level; });
}

Config CheckReport::to_config() const {
  Config list = Config::array();
  for (const CheckFinding& finding : findings) {
    Config one = Config::object(
        {{"level", check_level_name(finding.level)}, {"topic", finding.topic}, {"what", finding.what}});
    if (!finding.where.empty()) one.set("where", finding.where);
    if (!finding.seen.empty()) one.set("seen", finding.seen);
    if (!finding.cure.empty()) one.set("cure", finding.cure);
    list.push_back(std::move(one));
  }
  const auto estimate = [](double value) { return value > 0 ? Config(value) : Config(); };
  return Config::object(
      {{"source", source},
       {"kind", kind},
       {"target", Config::list(targets)},
       {"time", time},
       {"id", id},
       {"rows", rows},
       {"columns", columns},
       {"series", series},
       {"frequency", frequency},
       {"parameters", parameters > 0 ? Config(parameters) : Config()},
       {"estimate", Config::object({{"seconds", estimate(seconds)}, {"bytes", estimate(bytes)}})},
       {"passed", count(CheckLevel::ok)},
       {"warnings", count(CheckLevel::warning)},
       {"errors", count(CheckLevel::error)},
       {"findings", std::move(list)}});
}

}  // namespace rondo
