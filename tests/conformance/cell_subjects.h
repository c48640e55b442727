#pragma once

#include <string>
#include <vector>

#include "conformance/every_cell.h"
#include "rondo/model/testing.h"

// Cells of src/cells as subjects of the suite.

namespace rondo {

constexpr std::int64_t kFeatures = 3, kUnits = 4;

inline testing::Subject cell_subject(const std::string& type, RecurrentOptions options,
                                     bool with_states = true) {
  options.units = kUnits;
  options.return_sequences = true;
  options.return_state = true;
  testing::Subject subject;
  subject.name = type;
  subject.make = [type, options] { return make_cell(type, options); };
  subject.inputs = {{true, -1, {kFeatures}}};
  if (with_states) {
    const ValueShape sequence = subject.inputs[0];
    const std::vector<ValueShape> outputs = make_cell(type, options)->infer(std::span(&sequence, 1));
    subject.inputs.insert(subject.inputs.end(), outputs.begin() + 1, outputs.end());
  }
  subject.splits_in_time = with_states && !options.go_backwards;
  return subject;
}

}  // namespace rondo
