#include <algorithm>
#include <limits>

#include "kernels/instruction_sets.h"
#include "model/testing/testing_pass.h"
#include "rondo/base/error.h"
#include "rondo/base/random.h"

// A sequence alone against the same sequence in a batch, bit by bit.

namespace rondo::testing {
namespace {

/// The layout of the case's batch: each sequence's steps pushed to one end of the padded array or strewn over
/// it.
std::shared_ptr<const Layout> make_layout(std::span<const std::int64_t> lengths, Padding padding,
                                          std::uint64_t seed) {
  if (padding == Padding::right) return Layout::from_lengths(lengths);
  const auto batch = static_cast<std::int64_t>(lengths.size());
  std::int64_t steps = 0;
  for (const std::int64_t length : lengths) steps = std::max(steps, length);
  if (padding == Padding::scattered) steps += 3;
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(batch * steps), 0);
  for (std::int64_t b = 0; b < batch; ++b) {
    const std::int64_t length = lengths[static_cast<std::size_t>(b)];
    std::vector<std::int64_t> used(static_cast<std::size_t>(steps));
    for (std::int64_t t = 0; t < steps; ++t) used[static_cast<std::size_t>(t)] = steps - 1 - t;
    if (padding == Padding::scattered) {
      shuffle_indices(RandomStream(seed, purpose_key("testing.mask"), static_cast<std::uint64_t>(b)), used);
    }
    for (std::int64_t k = 0; k < length; ++k)
      mask[static_cast<std::size_t>(b * steps + used[static_cast<std::size_t>(k)])] = 1;
  }
  return Layout::from_mask(mask, batch, steps);
}

std::vector<Samples> make_batch(const Network& network, const InvarianceCase& of, std::uint64_t seed) {
  const auto batch = static_cast<std::int64_t>(of.lengths.size());
  std::vector<Samples> inputs;
  for (std::size_t i = 0; i < network.input_count(); ++i) {
    const ValueShape& spec = network.input_spec(i);
    std::shared_ptr<const Layout> layout;
    if (spec.sequence)
      layout = spec.steps >= 0 ? Layout::dense(batch, spec.steps) : make_layout(of.lengths, of.padding, seed);
    Shape shape = spec.features;
    shape.insert(shape.begin(), layout ? layout->total() : batch);
    Tensor values(shape, network.parameters().dtype());
    const RandomStream random(seed, purpose_key("testing.invariance"), i);
    for (std::int64_t k = 0; k < values.size(); ++k) {
      const auto at = static_cast<std::uint64_t>(k);
      values.set(k, of.integer_limit > 0
                        ? static_cast<double>(random.below(at, static_cast<std::uint64_t>(of.integer_limit)))
                        : of.magnitude * random.normal(at));
    }
    if (layout) {
      inputs.push_back(Samples::packed(std::move(layout), std::move(values)));
    } else {
      inputs.emplace_back();
      inputs.back().values() = std::move(values);
    }
  }
  return inputs;
}

/// Sample b by itself: a batch of one that has no padding.
std::vector<Samples> alone(std::span<const Samples> inputs, std::int64_t b) {
  std::vector<Samples> out;
  for (const Samples& batch : inputs) {
    const std::int64_t index[] = {b};
    if (!batch.is_sequence()) {
      out.push_back(batch.gather(index));
      continue;
    }
    const std::int64_t length[] = {batch.layout()->lengths()[static_cast<std::size_t>(b)]};
    out.push_back(Samples::packed(Layout::from_lengths(length), batch.sample(b)));
  }
  return out;
}

/// Everything NaN but sample b.
std::vector<Samples> with_nan_around(std::span<const Samples> inputs, std::int64_t b) {
  std::vector<Samples> out(inputs.begin(), inputs.end());
  for (Samples& batch : out) {
    const ConstMatrix m = as_matrix(batch.values());
    const auto spoil = [&](std::int64_t row) {
      for (std::int64_t c = 0; c < m.cols; ++c)
        batch.values().set(row * m.cols + c, std::numeric_limits<double>::quiet_NaN());
    };
    if (!batch.is_sequence()) {
      for (std::int64_t r = 0; r < m.rows; ++r) {
        if (r != b) spoil(r);
      }
      continue;
    }
    batch.layout()->each_row([&](std::int64_t row, std::int64_t sequence, std::int64_t) {
      if (sequence != b) spoil(row);
    });
  }
  return out;
}

/// A sample in a batch against the same alone: outputs and gradients of its inputs.
Report compare_sample(const std::string& where, const Pass& together, std::span<const Samples> inputs,
                      std::int64_t b, const Pass& single, std::span<const Samples> single_inputs) {
  Report report;
  for (std::size_t i = 0; i < single.outputs.size(); ++i) {
    report += same_bits(where + "output " + std::to_string(i), together.outputs[i].sample(b),
                        single.outputs[i].sample(0));
  }
  for (std::size_t i = 0; i < single.input_gradients.size(); ++i) {
    report += same_bits(where + "gradient of input " + std::to_string(i),
                        gradient_of_sample(together, inputs, i, b),
                        gradient_of_sample(single, single_inputs, i, 0));
  }
  return report;
}

Report compare_parameters(const std::string& where, const Network& network, const Tensor& seen,
                          const Tensor& expected) {
  Report report;
  for (const ParameterInfo& info : network.parameters().infos()) {
    report += same_bits(where + "its share of the gradient of " + info.name,
                        seen.slice(info.offset, info.offset + info.size),
                        expected.slice(info.offset, info.offset + info.size));
  }
  return report;
}

/// The loss of sample b reaches no input of another sample.
Report nothing_reaches_others(const std::string& where, const Pass& pass, std::span<const Samples> inputs,
                              std::int64_t b) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    for (std::int64_t other = 0; other < inputs[i].size(); ++other) {
      if (other == b) continue;
      const Tensor gradient = gradient_of_sample(pass, inputs, i, other);
      for (std::int64_t k = 0; k < gradient.size(); ++k) {
        if (gradient.at(k) != 0) {
          return difference(
              where + "its loss reaches input " + std::to_string(i) + " of sample " + std::to_string(other),
              k, gradient.at(k), 0);
        }
      }
    }
  }
  return {};
}

std::string describe(const InvarianceCase& batch, std::int64_t b, std::uint64_t seed) {
  const char* paddings[] = {"right", "left", "scattered"};
  return "sample " + std::to_string(b) + " of " + std::to_string(batch.lengths.size()) + " (" +
         std::to_string(batch.lengths[static_cast<std::size_t>(b)]) + " steps, padding " +
         paddings[static_cast<int>(batch.padding)] + ", " + std::to_string(batch.threads) + " threads, " +
         kernels::instruction_set() + ", seed " + std::to_string(seed) + "): ";
}

/// Samples whose outputs and gradients are compared besides: all the others of a small batch, some of a large
/// one.
std::vector<std::int64_t> more_samples(std::int64_t count, std::span<const std::int64_t> watched,
                                       std::uint64_t seed) {
  constexpr std::size_t kSmall = 17, kSome = 8;
  std::vector<std::int64_t> others;
  for (std::int64_t b = 0; b < count; ++b) {
    if (std::ranges::find(watched, b) == watched.end()) others.push_back(b);
  }
  shuffle_indices(RandomStream(seed, purpose_key("testing.samples")), others);
  if (static_cast<std::size_t>(count) > kSmall) others.resize(std::min(others.size(), kSome));
  return others;
}

bool is_fused(const std::string& set) {
  return !set.starts_with("SS") && !set.starts_with("EMU") && set != "SCALAR";
}

}  // namespace

Report check_invariance(Network& network, const InvarianceCase& batch, std::uint64_t seed) {
  const auto count = static_cast<std::int64_t>(batch.lengths.size());
  if (count == 0) return {};
  std::vector<std::int64_t> watched = batch.watched;
  if (watched.empty()) {
    watched = {0, count / 2, count - 1};
    watched.erase(std::unique(watched.begin(), watched.end()), watched.end());
  }
  const std::vector<Samples> inputs = make_batch(network, batch, seed);
  RunSetup together;
  together.seed = seed;
  together.integer_inputs = batch.integer_limit > 0;
  together.training = batch.training;
  together.threads = batch.threads;
  RunSetup single = together;
  single.threads = 1;

  const Pass all = run(network, inputs, together);
  Report report;
  for (const std::int64_t b : watched) {
    const std::string where = describe(batch, b, seed);
    const std::vector<Samples> own = alone(inputs, b);
    single.samples = {b};
    const Pass expected = run(network, own, single);
    report += compare_sample(where, all, inputs, b, expected, own);

    RunSetup share = together;
    share.only = b;
    const Pass seen = run(network, inputs, share);
    report += compare_sample(where + "without the loss of others, ", seen, inputs, b, expected, own);
    report += compare_parameters(where, network, seen.parameter_gradients, expected.parameter_gradients);
    if (!together.integer_inputs) report += nothing_reaches_others(where, seen, inputs, b);

    // Once is enough: the places differ in all else.
    if (together.integer_inputs || b != watched[watched.size() / 2]) continue;
    report += compare_sample(where + "between NaN, ", run(network, with_nan_around(inputs, b), together),
                             inputs, b, expected, own);
  }
  for (const std::int64_t b : more_samples(count, watched, seed)) {
    const std::vector<Samples> own = alone(inputs, b);
    single.samples = {b};
    report += compare_sample(describe(batch, b, seed), all, inputs, b, run(network, own, single), own);
  }
  return report;
}

Report check_invariance(const Subject& subject, InvarianceCase batch, DType dtype, std::uint64_t seed) {
  Network network = make_network(subject, seed, dtype);
  if (subject.equal_lengths && !batch.lengths.empty()) {
    std::fill(batch.lengths.begin(), batch.lengths.end(), batch.lengths.front());
    batch.padding = Padding::right;
  }
  if (subject.integer_inputs) batch.integer_limit = subject.integer_limit;
  batch.training = subject.training;
  batch.magnitude = subject.magnitude;
  const Report report = check_invariance(network, batch, seed);
  return report.empty() ? report : subject.name + ": alone equals batch: " + report;
}

Report check_alone_equals_batch(const Subject& subject, std::uint64_t seed) {
  InvarianceCase batch;
  batch.lengths = {4, 7, 0, 1, 6};
  batch.watched = {0, 1, 2, 3, 4};
  return check_invariance(subject, batch, DType::float32, seed);
}

Report check_instruction_sets(Network& network, const InvarianceCase& batch, std::uint64_t seed) {
  const std::vector<Samples> inputs = make_batch(network, batch, seed);
  RunSetup setup;
  setup.seed = seed;
  setup.integer_inputs = batch.integer_limit > 0;
  setup.training = batch.training;
  setup.threads = batch.threads;
  Report report;
  std::string first_set;
  Pass first;
  for (const std::string& set : kernels::instruction_sets()) {
    if (!is_fused(set)) continue;
    kernels::use_instruction_set(set);
    Pass pass = run(network, inputs, setup);
    kernels::use_instruction_set("");
    if (first_set.empty()) {
      first_set = set;
      first = std::move(pass);
      continue;
    }
    std::string where = set;
    where.append(" against ").append(first_set).append(": ");
    for (std::size_t i = 0; i < pass.outputs.size(); ++i) {
      report += same_bits(where + "output " + std::to_string(i), pass.outputs[i].values(),
                          first.outputs[i].values());
    }
    for (std::size_t i = 0; i < pass.input_gradients.size(); ++i) {
      report += same_bits(where + "gradient of input " + std::to_string(i), pass.input_gradients[i],
                          first.input_gradients[i]);
    }
    report += compare_parameters(where, network, pass.parameter_gradients, first.parameter_gradients);
  }
  return report;
}

}  // namespace rondo::testing
