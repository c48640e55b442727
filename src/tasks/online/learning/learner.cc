#include "tasks/online/learning/learner.h"

#include <algorithm>

#include "base/text.h"
#include "kernels/cells.h"
#include "rondo/base/error.h"
#include "tasks/online/learning/diagonal_cell.h"

namespace rondo::online {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::unique_ptr<Learner> make_learner(const OnlineOptions& options, std::int64_t inputs,
                                      std::int64_t targets) {
  const std::vector<std::string> diagonal = diagonal_cell_names();
  std::vector<std::string> all = kernels::cell_types();
  all.emplace_back("none");
  detail::place_among(all, options.cell, "unknown cell '" + options.cell + "'");
  detail::place_among({"auto", "tbptt", "rtrl"}, options.gradient,
                      "unknown gradient '" + options.gradient + "'");
  if (options.cell == "none") return nullptr;
  const bool is_diagonal = contains(diagonal, options.cell);
  if (options.gradient == "rtrl" && !is_diagonal) {
    throw Error(ErrorKind::usage, "exact gradients in real time need a cell with a diagonal recurrence")
        .seen("cell " + options.cell)
        .expected(detail::listed(diagonal))
        .fix("use --gradient tbptt with this cell");
  }
  if (options.gradient == "tbptt" && is_diagonal) {
    throw Error(ErrorKind::usage, "cells with a diagonal recurrence learn by rtrl, which is exact")
        .seen("gradient tbptt, cell " + options.cell)
        .fix("leave --gradient out");
  }
  return is_diagonal ? make_real_time_learner(options, inputs, targets)
                     : make_truncated_learner(options, inputs, targets);
}

}  // namespace rondo::online
