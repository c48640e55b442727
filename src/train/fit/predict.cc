#include <cstring>
#include <optional>

#include "base/index_range.h"
#include "rondo/base/error.h"
#include "train/fit/trainer_impl.h"
#include "train/rows.h"

namespace rondo {
namespace {

/// Samples of all parts, one after the other.
Samples join(std::vector<Samples> parts) {
  if (parts.size() == 1) return std::move(parts.front());
  std::int64_t samples = 0, steps = 0;
  for (const Samples& part : parts) {
    samples += part.size();
    if (part.is_sequence()) steps = std::max(steps, part.layout()->steps());
  }
  const bool sequences = parts.front().is_sequence();
  const std::int64_t places = sequences ? steps : 1;
  const Shape features = parts.front().features();
  const DType dtype = parts.front().values().dtype();
  Shape shape = {samples};
  if (sequences) shape.push_back(steps);
  shape.insert(shape.end(), features.begin(), features.end());
  Tensor all(shape, dtype);
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(samples * places), 0);
  const std::size_t row = static_cast<std::size_t>(element_count(features)) * dtype_size(dtype);
  std::int64_t done = 0;
  for (const Samples& part : parts) {
    const auto copy = [&](std::int64_t from, std::int64_t to) {
      std::memcpy(all.bytes() + static_cast<std::size_t>(to) * row,
                  part.values().bytes() + static_cast<std::size_t>(from) * row, row);
      mask[static_cast<std::size_t>(to)] = 1;
    };
    if (!sequences) {
      for (std::int64_t b = 0; b < part.size(); ++b) copy(b, done + b);
    } else {
      part.layout()->each_row(
          [&](std::int64_t from, std::int64_t b, std::int64_t p) { copy(from, (done + b) * steps + p); });
    }
    done += part.size();
  }
  if (sequences) {
    Samples out = Samples::masked(all, mask);
    out.set_fill(parts.front().fill());
    return out;
  }
  Samples out;
  out.values() = std::move(all);
  return out;
}

/// Puts the parameters back as they were.
class Unchanged {
 public:
  explicit Unchanged(ParameterStore& parameters) : parameters_(parameters), before_(parameters.values()) {}
  Unchanged(const Unchanged&) = delete;
  Unchanged& operator=(const Unchanged&) = delete;
  ~Unchanged() { parameters_.values() = before_; }

 private:
  ParameterStore& parameters_;
  const Tensor before_;
};

}  // namespace

std::vector<Samples> Trainer::predict(const Dataset& data, const PredictOptions& options) {
  const std::int64_t batch_size = options.batch_size;
  if (batch_size < 1) throw Error(ErrorKind::usage, "batch_size must be at least 1");
  Impl& impl = *impl_;
  impl.check_batches(data.size(), batch_size, "predict");
  std::optional<const Unchanged> unchanged;
  if (options.training) unchanged.emplace(impl.network.parameters());
  std::vector<std::vector<Samples>> parts(impl.network.output_count());
  std::int64_t begin = 0;
  RunOptions run;
  run.training = options.training;
  run.seed = options.seed;
  run.carried = impl.stateful ? &impl.predict_carried : nullptr;
  do {  // at least once: no samples still have an output shape
    const Batch batch = data.gather(detail::range(begin, std::min(begin + batch_size, data.size())),
                                    impl.network.parameters().dtype());
    Tape& tape = impl.pass.tape();
    tape.reset(run, false);
    const Vars values = impl.network.run(tape, std::span<const Samples>(batch.inputs));
    for (std::size_t k = 0; k < values.size(); ++k) parts[k].push_back(tape.get(values[k]));
    begin += batch_size;
    ++run.step;
  } while (begin < data.size());
  std::vector<Samples> out;
  for (auto& list : parts) out.push_back(join(std::move(list)));
  return out;
}

void Trainer::check_one_output() const {
  if (impl_->network.output_count() == 1) return;
  throw Error(ErrorKind::usage, "the network has several outputs").fix("call predict with a Dataset");
}

Samples Trainer::predict(const Samples& input, const PredictOptions& options) {
  check_one_output();
  return std::move(predict(ViewDataset({input}), options).front());
}

}  // namespace rondo
