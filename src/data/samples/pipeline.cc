#include "rondo/data/pipeline.h"

#include <algorithm>
#include <cmath>

#include "base/index_range.h"
#include "base/text.h"

namespace rondo {

namespace {

using Shared = std::shared_ptr<const Dataset>;

void require(const Shared& dataset) {
  if (dataset == nullptr) throw Error(ErrorKind::usage, "there is no data set");
}

class Selected : public Dataset {
 public:
  Selected(Shared dataset, std::vector<std::int64_t> indices)
      : dataset_(std::move(dataset)), indices_(std::move(indices)) {
    for (const std::int64_t index : indices_)
      detail::check_index(index, dataset_->size(), "a data set has no such sample");
  }
  std::int64_t size() const override { return static_cast<std::int64_t>(indices_.size()); }
  Batch gather(std::span<const std::int64_t> indices, DType dtype) const override {
    std::vector<std::int64_t> inner;
    inner.reserve(indices.size());
    for (const std::int64_t index : indices) {
      detail::check_index(index, size(), "a data set has no such sample");
      inner.push_back(indices_[static_cast<std::size_t>(index)]);
    }
    return dataset_->gather(inner, dtype);
  }

 private:
  Shared dataset_;
  std::vector<std::int64_t> indices_;
};

class Mapped : public Dataset {
 public:
  Mapped(Shared dataset, std::function<Batch(Batch)> change)
      : dataset_(std::move(dataset)), change_(std::move(change)) {}
  std::int64_t size() const override { return dataset_->size(); }
  Batch gather(std::span<const std::int64_t> indices, DType dtype) const override {
    Batch out = change_(dataset_->gather(indices, dtype));
    if (out.size() == static_cast<std::int64_t>(indices.size())) return out;
    throw Error(ErrorKind::usage, "a map over a data set changed the number of samples")
        .seen(std::to_string(out.size()))
        .expected(std::to_string(indices.size()));
  }

 private:
  Shared dataset_;
  std::function<Batch(Batch)> change_;
};

class Concatenated : public Dataset {
 public:
  explicit Concatenated(std::vector<Shared> parts) : parts_(std::move(parts)) {
    for (const Shared& part : parts_) {
      require(part);
      ends_.push_back(size() + part->size());
    }
  }
  std::int64_t size() const override { return ends_.empty() ? 0 : ends_.back(); }
  Batch gather(std::span<const std::int64_t> indices, DType dtype) const override {
    // One call for each part that is asked for, then everything in the order wanted.
    std::vector<std::vector<std::int64_t>> wanted(parts_.size());
    std::vector<std::pair<std::size_t, std::int64_t>> place;  // part, position among its samples
    for (const std::int64_t index : indices) {
      detail::check_index(index, size(), "a data set has no such sample");
      const auto part =
          static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), index) - ends_.begin());
      place.emplace_back(part, static_cast<std::int64_t>(wanted[part].size()));
      wanted[part].push_back(index - (part == 0 ? 0 : ends_[part - 1]));
    }
    std::vector<Batch> gathered;
    std::vector<std::int64_t> first(parts_.size(), 0);
    std::int64_t total = 0;
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      if (wanted[p].empty()) continue;
      first[p] = total;
      total += static_cast<std::int64_t>(wanted[p].size());
      gathered.push_back(parts_[p]->gather(wanted[p], dtype));
    }
    if (gathered.size() == 1) return std::move(gathered.front());
    Batch all = merge(gathered);
    std::vector<std::int64_t> order;
    for (const auto& [part, position] : place) order.push_back(first[part] + position);
    return ArrayDataset(std::move(all.inputs), std::move(all.targets), std::move(all.weights))
        .gather(order, dtype);
  }

 private:
  std::vector<Shared> parts_;
  std::vector<std::int64_t> ends_;
};

Samples merge_batches(const std::vector<const Samples*>& parts) {
  const Samples& first = *parts.front();
  std::vector<Tensor> samples;
  std::int64_t total = 0;
  for (const Samples* part : parts) {
    if (part->is_sequence() != first.is_sequence() || part->features() != first.features()) {
      throw Error(ErrorKind::usage, "samples of different shapes cannot be put together")
          .seen("features " + to_string(part->features()))
          .expected("features " + to_string(first.features()));
    }
    total += part->size();
  }
  if (first.is_sequence()) {
    for (const Samples* part : parts) {
      for (std::int64_t b = 0; b < part->size(); ++b) samples.push_back(part->sample(b));
    }
    return Samples::ragged(samples);
  }
  Shape shape = first.values().shape();
  shape[0] = total;
  Tensor values(shape, first.values().dtype());
  std::byte* to = values.bytes();
  for (const Samples* part : parts) {
    const Tensor same = part->values().cast(values.dtype());
    const std::size_t bytes = static_cast<std::size_t>(same.size()) * dtype_size(values.dtype());
    to = std::copy(same.bytes(), same.bytes() + bytes, to);
  }
  return Samples(std::move(values));
}

Tensor merge_weights(const std::vector<const Tensor*>& parts, const std::vector<std::int64_t>& sizes) {
  // Parts without weights count fully; the time axis is that of the widest part.
  int rank = 0;
  std::int64_t steps = 0, total = 0;
  DType dtype = DType::float32;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    total += sizes[p];
    if (parts[p] == nullptr || parts[p]->rank() == 0) continue;
    dtype = parts[p]->dtype();
    rank = std::max(rank, parts[p]->rank());
    if (parts[p]->rank() == 2) steps = std::max(steps, parts[p]->dim(1));
  }
  if (rank == 0) return {};
  Tensor out = Tensor::full(rank == 1 ? Shape{total} : Shape{total, steps}, 1.0, dtype);
  std::int64_t row = 0;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const Tensor* from = parts[p];
    for (std::int64_t b = 0; b < sizes[p]; ++b, ++row) {
      if (from == nullptr || from->rank() == 0) continue;
      const std::int64_t given = from->rank() == 2 ? from->dim(1) : 1;
      for (std::int64_t t = 0; t < (rank == 1 ? 1 : steps); ++t) {
        if (from->rank() == 2 && t >= given) continue;
        out.set(rank == 1 ? row : row * steps + t, from->at(from->rank() == 2 ? b * given + t : b));
      }
    }
  }
  return out;
}

}  // namespace

Shared select(Shared dataset, std::vector<std::int64_t> indices) {
  require(dataset);
  return std::make_shared<Selected>(std::move(dataset), std::move(indices));
}

Shared take(Shared dataset, std::int64_t count) {
  require(dataset);
  const std::int64_t end = std::clamp<std::int64_t>(count, 0, dataset->size());
  return select(std::move(dataset), detail::range(0, end));
}

Shared skip(Shared dataset, std::int64_t count) {
  require(dataset);
  const std::int64_t size = dataset->size();
  return select(std::move(dataset), detail::range(std::clamp<std::int64_t>(count, 0, size), size));
}

Shared shuffle(Shared dataset, std::uint64_t seed) {
  require(dataset);
  std::vector<std::int64_t> order = detail::range(0, dataset->size());
  shuffle_indices(RandomStream(seed, purpose_key("dataset.shuffle")), order);
  return select(std::move(dataset), std::move(order));
}

Shared concatenate(std::vector<Shared> datasets) {
  return std::make_shared<Concatenated>(std::move(datasets));
}

Shared map(Shared dataset, std::function<Batch(Batch)> change) {
  require(dataset);
  return std::make_shared<Mapped>(std::move(dataset), std::move(change));
}

std::pair<Shared, Shared> split(Shared dataset, double fraction) {
  require(dataset);
  if (!(fraction >= 0 && fraction <= 1)) {
    throw Error(ErrorKind::usage, "a data set is split by a fraction")
        .seen(std::to_string(fraction))
        .expected("0 to 1");
  }
  const std::int64_t size = dataset->size();
  const auto kept = static_cast<std::int64_t>(std::floor(static_cast<double>(size) * (1.0 - fraction)));
  return {select(dataset, detail::range(0, kept)), select(dataset, detail::range(kept, size))};
}

Batch merge(const std::vector<Batch>& parts) {
  if (parts.empty()) throw Error(ErrorKind::usage, "there are no samples to put together");
  const Batch& first = parts.front();
  std::vector<std::int64_t> sizes;
  bool weighted = false;
  for (const Batch& part : parts) {
    sizes.push_back(part.size());
    weighted = weighted || !part.weights.empty();
    if (part.inputs.size() == first.inputs.size() && part.targets.size() == first.targets.size()) continue;
    throw Error(ErrorKind::usage, "samples of different models cannot be put together")
        .seen(std::to_string(part.inputs.size()) + " inputs, " + std::to_string(part.targets.size()) +
              " targets")
        .expected(std::to_string(first.inputs.size()) + " and " + std::to_string(first.targets.size()));
  }
  const auto gathered = [&](auto member, std::size_t i) {
    std::vector<const Samples*> list;
    for (const Batch& part : parts) list.push_back(&(part.*member)[i]);
    return merge_batches(list);
  };
  Batch out;
  for (std::size_t i = 0; i < first.inputs.size(); ++i) out.inputs.push_back(gathered(&Batch::inputs, i));
  for (std::size_t i = 0; i < first.targets.size(); ++i) out.targets.push_back(gathered(&Batch::targets, i));
  for (std::size_t i = 0; weighted && i < first.targets.size(); ++i) {
    std::vector<const Tensor*> list;
    for (const Batch& part : parts) {
      list.push_back(part.weights.empty() ? nullptr : &part.weights[i]);
      const auto& layout = part.targets[i].layout();
      if (list.back() == nullptr || list.back()->rank() < 2 || layout == nullptr || layout->is_right_padded())
        continue;
      throw Error(ErrorKind::usage,
                  "weights of steps cannot be put together where a mask leaves out steps between others")
          .fix("give such samples in one piece");
    }
    out.weights.push_back(merge_weights(list, sizes));
  }
  return out;
}

Pipeline<Batch> batches(Shared dataset, DType dtype, const BatchOptions& options) {
  require(dataset);
  if (options.batch_size < 1) {
    throw Error(ErrorKind::usage, "a batch needs a size of at least 1")
        .seen(std::to_string(options.batch_size));
  }
  std::vector<std::int64_t> order = detail::range(0, dataset->size());
  if (options.shuffle)
    shuffle_indices(RandomStream(options.seed, purpose_key("batches.shuffle"), options.epoch), order);
  return Pipeline<Batch>::from([dataset, dtype, options, order = std::move(order),
                                next = std::size_t{0}]() mutable -> std::optional<Batch> {
    const std::size_t left = order.size() - next;
    const auto wanted = static_cast<std::size_t>(options.batch_size);
    const std::size_t count = std::min(left, wanted);
    if (count == 0 || (options.drop_last && count < wanted)) return std::nullopt;
    const std::span<const std::int64_t> indices(order.data() + next, count);
    next += count;
    return dataset->gather(indices, dtype);
  });
}

Pipeline<Table> csv_blocks(const std::filesystem::path& path, std::int64_t rows, const CsvOptions& options) {
  if (rows < 1)
    throw Error(ErrorKind::usage, "a piece of a file needs at least one row").seen(std::to_string(rows));
  auto reader = std::make_shared<CsvReader>(path, options);
  return Pipeline<Table>::from([reader, rows]() -> std::optional<Table> {
    Table table = reader->read(rows);
    if (table.rows() == 0) return std::nullopt;
    return table;
  });
}

std::shared_ptr<const ArrayDataset> gather_all(Pipeline<Batch> examples) {
  Batch all = merge(std::move(examples).collect());
  return std::make_shared<ArrayDataset>(std::move(all.inputs), std::move(all.targets),
                                        std::move(all.weights));
}

}  // namespace rondo
