#pragma once

#include <memory>

#include "rondo/train/losses.h"

namespace rondo::detail {

/// A loss of rows as an objective of one prediction: what the tape and the trainer know of Loss.
class RowObjective final : public Objective {
 public:
  explicit RowObjective(std::shared_ptr<const Loss> loss) : loss_(std::move(loss)) {}

  std::string name() const override { return loss_->name(); }
  Json config() const override { return loss_->config(); }
  bool is_by_row() const override { return true; }
  void infer(std::span<const ValueShape> predictions) override;
  double count(std::span<const Value> predictions, const Target& target) const override;

 protected:
  void forward(Call& call, const Target& target, double count) const override;
  void backward(Call& call, const Target& target, double count) const override;

 private:
  std::shared_ptr<const Loss> loss_;
};

}  // namespace rondo::detail
