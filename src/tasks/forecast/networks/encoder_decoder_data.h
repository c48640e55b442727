#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "rondo/tensor/dataset.h"
#include "tasks/forecast/networks/folds.h"
#include "tasks/forecast/networks/segment_window.h"

namespace rondo::forecasting {

/// Windows as training samples: inputs encoder, decoder and line, one target [batch, out_rows] for each
/// member on the window's scale (for counts [batch, 2 · out_rows]: the counts themselves, then their
/// exposures), with weight 1 where the origin has `role` for that member. An epoch holds `size` windows; for
/// training `set_epoch` deals others.
class SegmentSamples : public Dataset {
 public:
  SegmentSamples(const Panel& panel, const ScaledPanel& scaled, const SegmentWindow& window,
                 const Folds& folds, Role role, std::int64_t size, std::uint64_t seed);

  std::int64_t size() const override { return size_; }
  /// Different windows that there are.
  std::int64_t available() const { return static_cast<std::int64_t>(origins_.size()); }
  Batch gather(std::span<const std::int64_t> indices, DType dtype) const override;
  void set_epoch(std::int64_t epoch) { epoch_ = epoch; }
  /// The member's mean weight over the first epoch.
  double share(int member) const;

 protected:
  virtual std::vector<Samples> inputs(std::span<const Origin> origins, DType dtype) const;
  virtual Tensor target(std::span<const Origin> origins, DType dtype) const;
  /// By origin, or by origin and step.
  virtual Tensor weight(int member, std::span<const Origin> origins, DType dtype) const;

  const Panel& panel_;
  const ScaledPanel& scaled_;
  const SegmentWindow& window_;
  const Folds& folds_;
  Role role_;

 private:
  std::vector<Origin> origins_;
  std::int64_t size_ = 0;
  std::atomic<std::int64_t> epoch_{0};
};

/// The inputs alone, of any origins.
class SegmentInputs : public Dataset {
 public:
  SegmentInputs(const Panel& panel, const ScaledPanel& scaled, const SegmentWindow& window,
                std::span<const Origin> origins)
      : panel_(panel), scaled_(scaled), window_(window), origins_(origins) {}
  std::int64_t size() const override { return static_cast<std::int64_t>(origins_.size()); }
  Batch gather(std::span<const std::int64_t> indices, DType dtype) const override;

 private:
  const Panel& panel_;
  const ScaledPanel& scaled_;
  const SegmentWindow& window_;
  std::span<const Origin> origins_;
};

}  // namespace rondo::forecasting
