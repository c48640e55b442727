#include "rondo/base/run_controls.h"

#include "rondo/base/error.h"

namespace rondo {

void RunControls::begin(const char* name) const {
  if (stop != nullptr && stop->load(std::memory_order_relaxed))
    throw Error(ErrorKind::interrupted, "the run was stopped").where(name);
  if (stage) stage(name);
}

}  // namespace rondo
