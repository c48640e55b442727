#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "rondo/tensor/dataset.h"
#include "tasks/forecast/windows/folds.h"

namespace rondo::forecasting {

/// Which windows an epoch has.
struct SampleChoice {
  Role role = Role::train;
  std::int64_t first = 0;  ///< no origin before this row
  std::int64_t size = 0;   ///< for training, of an epoch, whatever there are; for validation at most so many
  std::uint64_t seed = 1;
};

/// Windows as training samples: the inputs and targets of a kind of network, one target for each member, with
/// weight 1 where the origin has the role for that member, else 0. For training every epoch (`set_epoch`) has
/// the next ones of a shuffled order, so that an epoch has the same cost however long the table is; for
/// validation there are evenly spread ones.
class WindowSamples : public Dataset {
 public:
  WindowSamples(const ScaledPanel& scaled, const Folds& folds, const SampleChoice& choice);

  std::int64_t size() const override { return size_; }
  /// Different windows that there are.
  std::int64_t available() const { return static_cast<std::int64_t>(origins_.size()); }
  Batch gather(std::span<const std::int64_t> indices, DType dtype) const override;
  void set_epoch(std::int64_t epoch) { epoch_ = epoch; }
  /// The member's mean weight over the first epoch.
  double share(int member) const;

 protected:
  virtual std::vector<Samples> inputs(std::span<const Origin> origins, DType dtype) const = 0;
  virtual Tensor target(int member, std::span<const Origin> origins, DType dtype) const = 0;
  /// Whether every member learns the same target.
  virtual bool has_one_target() const { return true; }
  /// By origin, or by origin and step.
  virtual Tensor weight(int member, std::span<const Origin> origins, DType dtype) const;

  const ScaledPanel& scaled_;
  const Folds& folds_;
  Role role_;

 private:
  std::vector<Origin> origins_;
  std::int64_t size_ = 0;
  std::atomic<std::int64_t> epoch_{0};
};

}  // namespace rondo::forecasting
