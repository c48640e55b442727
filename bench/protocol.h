#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/tensor/tensor_file.h"

// How a party of the benchmark is asked, one JSON object a line on stdin, one answer a line on stdout:
//
//   {"do": "open", "work": …, sizes, "given": FILE, "produced": FILE}
//       prepare the work, run it once, write what came out
//       -> {"ready": true, "how": …} or {"missing": why}
//   {"do": "time", "seconds": s, "warm": b}
//       at least one run; with `warm` one more before, as the caches hold what the party before needed
//       -> {"us": median of one run, "runs": n, "cpu_share": CPU time / wall time}
//   {"do": "burst", "threads": n} ->  {"gflops": FMA speed of n threads at once}
//   {"do": "close"}               ->  {"closed": true}
//
// The files are safetensors: weights in Keras's layout and data go in, outputs to compare come out.

namespace rondo::bench {

/// One thing to be timed.
class Work {
 public:
  Work() = default;
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  virtual ~Work() = default;
  virtual void run() = 0;
  /// What a rival must agree with; called once, before anything is timed.
  virtual TensorFile outputs() = 0;
  /// What the row's note says about how it was run; may be empty.
  virtual std::string how() const { return {}; }
};

/// Thrown while opening: this party has no such thing.
struct Missing {
  std::string why;
};

using Opener = std::function<std::unique_ptr<Work>(const Json& request, const TensorFile& given)>;

/// Answers requests until stdin ends. An error of the library is answered as {"error": …}.
int serve(const std::string& version, const Opener& open);

/// The array `name` of the file; ends with an error that names it when it is not there.
const Tensor& given_array(const TensorFile& given, const std::string& name);

}  // namespace rondo::bench
