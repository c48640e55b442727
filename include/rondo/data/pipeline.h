#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/data/csv.h"
#include "rondo/data/prefetch.h"
#include "rondo/tensor/dataset.h"

namespace rondo {

// Data sets made of data sets. They refer to what they are made of; give shared pointers.

/// The samples `indices` of `dataset`, in that order.
std::shared_ptr<const Dataset> select(std::shared_ptr<const Dataset> dataset,
                                      std::vector<std::int64_t> indices);
std::shared_ptr<const Dataset> take(std::shared_ptr<const Dataset> dataset, std::int64_t count);
std::shared_ptr<const Dataset> skip(std::shared_ptr<const Dataset> dataset, std::int64_t count);
/// In an order that depends on `seed` alone.
std::shared_ptr<const Dataset> shuffle(std::shared_ptr<const Dataset> dataset, std::uint64_t seed);
/// One after the other; they must agree in numbers of inputs and targets and in the shape of samples.
std::shared_ptr<const Dataset> concatenate(std::vector<std::shared_ptr<const Dataset>> datasets);
/// Every gathered batch goes through `change`, which must not alter the number of samples and may run on
/// several threads.
std::shared_ptr<const Dataset> map(std::shared_ptr<const Dataset> dataset,
                                   std::function<Batch(Batch)> change);
/// The first samples and the last `fraction` (0 … 1) of them, as Keras's validation_split cuts them (before
/// shuffling).
std::pair<std::shared_ptr<const Dataset>, std::shared_ptr<const Dataset>> split(
    std::shared_ptr<const Dataset> dataset, double fraction);

/// Samples of several Batch in one, in order. Shapes must agree; lengths of sequences may differ.
Batch merge(const std::vector<Batch>& parts);

/// Things of one kind, one after the other, made when asked for: from a generator, a file or a data set. A
/// pipeline is used up by reading it. Steps are added by moving:
///
///     auto batches = Pipeline<int>::from(generator).map(decode).shuffle(1000, seed).batch(32).prefetch(2);
///     while (auto batch = batches.next()) …
template <class T>
class Pipeline {
 public:
  using Value = T;
  using Source = std::function<std::optional<T>()>;

  /// `source` gives std::nullopt at the end and is not called again.
  static Pipeline from(Source source) { return Pipeline(std::move(source)); }
  static Pipeline from(std::vector<T> values) {
    return Pipeline([values = std::move(values), next = std::size_t{0}]() mutable -> std::optional<T> {
      if (next == values.size()) return std::nullopt;
      return std::move(values[next++]);
    });
  }

  /// The next value, or nothing at the end. Errors of a source or a step come out here.
  std::optional<T> next() {
    if (!source_) return std::nullopt;
    std::optional<T> value = source_();
    if (!value) source_ = nullptr;
    return value;
  }

  template <class F>
  auto map(F change) && -> Pipeline<std::decay_t<std::invoke_result_t<F&, T>>> {
    using U = std::decay_t<std::invoke_result_t<F&, T>>;
    return Pipeline<U>::from(
        [input = std::move(*this), change = std::move(change)]() mutable -> std::optional<U> {
          std::optional<T> value = input.next();
          if (!value) return std::nullopt;
          return change(std::move(*value));
        });
  }

  template <class F>
  Pipeline filter(F keep) && {
    return Pipeline([input = std::move(*this), keep = std::move(keep)]() mutable -> std::optional<T> {
      while (std::optional<T> value = input.next()) {
        if (keep(std::as_const(*value))) return value;
      }
      return std::nullopt;
    });
  }

  Pipeline take(std::int64_t count) && {
    return Pipeline([input = std::move(*this), left = count]() mutable -> std::optional<T> {
      if (left <= 0) return std::nullopt;
      --left;
      return input.next();
    });
  }

  Pipeline skip(std::int64_t count) && {
    return Pipeline([input = std::move(*this), left = count]() mutable -> std::optional<T> {
      for (; left > 0; --left) {
        if (!input.next()) return std::nullopt;
      }
      return input.next();
    });
  }

  Pipeline concatenate(Pipeline other) && {
    return Pipeline([first = std::move(*this), second = std::move(other)]() mutable -> std::optional<T> {
      if (std::optional<T> value = first.next()) return value;
      return second.next();
    });
  }

  /// Mixes within a reservoir of `buffer` values: each value that comes out is drawn from it and replaced by
  /// the next. The order depends on `seed` and the input alone. buffer ≥ the number of values: a full
  /// shuffle.
  Pipeline shuffle(std::int64_t buffer, std::uint64_t seed) && {
    if (buffer < 1)
      throw Error(ErrorKind::usage, "shuffle needs a buffer of at least 1").seen(std::to_string(buffer));
    return Pipeline([input = std::move(*this), buffer,
                     stream = RandomStream(seed, purpose_key("pipeline.shuffle")), held = std::vector<T>(),
                     drawn = std::uint64_t{0}]() mutable -> std::optional<T> {
      while (static_cast<std::int64_t>(held.size()) < buffer) {
        std::optional<T> value = input.next();
        if (!value) break;
        held.push_back(std::move(*value));
      }
      if (held.empty()) return std::nullopt;
      const auto pick = static_cast<std::size_t>(stream.below(drawn++, held.size()));
      std::swap(held[pick], held.back());
      std::optional<T> out(std::move(held.back()));
      held.pop_back();
      return out;
    });
  }

  /// Groups of `size` values; the last may be smaller, or is left out.
  Pipeline<std::vector<T>> batch(std::int64_t size, bool drop_last = false) && {
    if (size < 1)
      throw Error(ErrorKind::usage, "batch needs a size of at least 1").seen(std::to_string(size));
    return Pipeline<std::vector<T>>::from(
        [input = std::move(*this), size, drop_last]() mutable -> std::optional<std::vector<T>> {
          std::vector<T> group;
          while (static_cast<std::int64_t>(group.size()) < size) {
            std::optional<T> value = input.next();
            if (!value) break;
            group.push_back(std::move(*value));
          }
          if (group.empty() || (drop_last && static_cast<std::int64_t>(group.size()) < size))
            return std::nullopt;
          return group;
        });
  }

  /// Everything before this runs in a thread of its own, up to `ahead` values in advance. The order is
  /// unchanged; an error thrown there comes out of `next` in its place. The thread ends with the pipeline.
  Pipeline prefetch(std::int64_t ahead) && {
    if (ahead < 1)
      throw Error(ErrorKind::usage, "prefetch needs to be at least 1 ahead").seen(std::to_string(ahead));
    auto worker = std::make_shared<detail::Prefetcher<T>>(
        [input = std::make_shared<Pipeline>(std::move(*this))] { return input->next(); },
        static_cast<std::size_t>(ahead));
    return Pipeline([worker] { return worker->next(); });
  }

  std::vector<T> collect() && {
    std::vector<T> all;
    while (std::optional<T> value = next()) all.push_back(std::move(*value));
    return all;
  }

 private:
  template <class U>
  friend class Pipeline;

  // Sources may own what cannot be copied; std::function wants copies, so they live behind a shared pointer.
  template <class F>
  explicit Pipeline(F source) {
    auto shared = std::make_shared<F>(std::move(source));
    source_ = [shared] { return (*shared)(); };
  }

  Source source_;
};

/// The samples of `dataset` in batches: in order, or in an order that depends on (seed, epoch) alone.
struct BatchOptions {
  std::int64_t batch_size = 32;
  bool shuffle = false;
  bool drop_last = false;
  std::uint64_t seed = 0;
  std::uint64_t epoch = 0;
};
Pipeline<Batch> batches(std::shared_ptr<const Dataset> dataset, DType dtype,
                        const BatchOptions& options = {});

/// A CSV file in pieces of about `rows` rows, for files larger than memory.
Pipeline<Table> csv_blocks(const std::filesystem::path& path, std::int64_t rows,
                           const CsvOptions& options = {});

/// Reads a pipeline to its end into memory, as a data set that `fit` takes.
std::shared_ptr<const ArrayDataset> gather_all(Pipeline<Batch> examples);

}  // namespace rondo
