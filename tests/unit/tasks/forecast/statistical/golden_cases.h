#pragma once

// What statsforecast and statsmodels compute (golden/make_golden.py).

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "rondo/base/json.h"
#include "support/source_folder.h"

namespace rondo::forecasting::statistical {

inline Json golden_cases() {
  const auto path = source_folder() / "tests/unit/tasks/forecast/statistical/golden/golden.json";
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return parse_json(text.str(), path.string());
}

inline std::vector<double> numbers(const Json& list) {
  std::vector<double> values;
  for (const Json& value : list.as_array()) values.push_back(value.as_real());
  return values;
}

/// The largest difference, in units of the largest expected number.
inline double distance(const std::vector<double>& seen, const std::vector<double>& expected) {
  if (seen.size() != expected.size()) return 1e300;
  double far = 0, size = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    far = std::max(far, std::abs(seen[i] - expected[i]));
    size = std::max(size, std::abs(expected[i]));
  }
  return far / std::max(size, 1e-300);
}

}  // namespace rondo::forecasting::statistical
