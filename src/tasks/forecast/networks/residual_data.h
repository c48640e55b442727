#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "rondo/base/pool.h"
#include "rondo/tensor/dataset.h"
#include "tasks/forecast/linear/linear_model.h"
#include "tasks/forecast/networks/window_input.h"

namespace rondo::forecasting {

/// What a member of the ensemble may do with an origin.
enum class Role : std::uint8_t { train, held_out, neither };

/// The training part is cut into so many parts that members hold out in turn: member k and member k +
/// kHeldOutParts hold out the same one and differ by their initial weights and their dropout.
inline constexpr int kHeldOutParts = 5;
/// Members of an ensemble.
inline constexpr std::int64_t kMaxMembers = 100;

/// Member k holds out the k-th fifth (the sixth again the first) of every series' origins, counted from the
/// end, and learns from the others, except those whose horizon reaches into the fifth. Where the user gave a
/// validation part, every member holds that out, and learns from what comes before.
struct Members {
  int count = 3;
  bool validation_is_given = false;
  struct Range {
    std::int64_t begin = 0, end = 0;  ///< of origins
  };
  std::vector<std::vector<Range>> held_out;  ///< by member, by series
  /// Origins so near to the held-out ones are not learnt from: the horizon, or a fifth where that is shorter;
  /// where the validation part is given, exactly those whose horizon reaches into it.
  std::int64_t margin = 1;

  Role role(int member, const Origin& origin) const;
};
/// `first` is the first origin that can be used.
Members split_members(const Panel& panel, int count, std::int64_t first);

/// What the members learn: what is left of the targets when the line (fitted without the member's fifth) is
/// taken away, in units of its own standard deviation.
struct Residuals {
  WindowInput input;
  Members members;
  std::vector<Origin> origins;  ///< all that can be used
  std::vector<std::vector<double>>
      left;          ///< by part held out: [origins, horizon], in the scale of ScaledPanel::targets
  double scale = 1;  ///< standard deviation of what member 0 learns from

  std::int64_t horizon = 1;
  /// The fewest origins that a member learns from.
  std::int64_t fewest_learnt = 0;
  std::span<const double> row(int member, std::int64_t origin) const {
    return {left[static_cast<std::size_t>(member) % left.size()].data() + origin * horizon,
            static_cast<std::size_t>(horizon)};
  }
};

/// `first`: no origin before this row is used, even where it has a window.
Residuals make_residuals(const Panel& panel, const ScaledPanel& scaled, std::span<const LineCandidate> line,
                         const WindowInput& input, int members, Pool& pool, std::int64_t first = 0);

/// Windows as training samples: one input [batch, steps, features], one target [batch, horizon] for each
/// member with weight 1 where the origin has `role` for that member, else 0. At most `most` windows: for
/// validation evenly spread ones, for training other ones every epoch (`set_epoch`), so that an epoch has the
/// same cost however long the table is.
class ResidualWindows : public Dataset {
 public:
  ResidualWindows(const Panel& panel, const ScaledPanel& scaled, const Residuals& residuals, Role role,
                  std::int64_t most, std::uint64_t seed);

  std::int64_t size() const override { return size_; }
  Batch gather(std::span<const std::int64_t> indices, DType dtype) const override;
  void set_epoch(std::int64_t epoch) { epoch_ = epoch; }
  /// The part of the first epoch's windows that have the role for this member.
  double share(int member) const;
  /// Index into Residuals::origins.
  std::int64_t origin_at(std::int64_t index) const;

 private:
  const Panel& panel_;
  const ScaledPanel& scaled_;
  const Residuals& residuals_;
  Role role_;
  std::vector<std::int64_t> order_;  ///< indices of origins
  std::int64_t size_ = 0;
  std::atomic<std::int64_t> epoch_{0};
};

/// The windows alone, of any origins.
class WindowsOf : public Dataset {
 public:
  WindowsOf(const Panel& panel, const ScaledPanel& scaled, const WindowInput& input,
            std::span<const Origin> origins)
      : panel_(panel), scaled_(scaled), input_(input), origins_(origins) {}
  std::int64_t size() const override { return static_cast<std::int64_t>(origins_.size()); }
  Batch gather(std::span<const std::int64_t> indices, DType dtype) const override;

 private:
  const Panel& panel_;
  const ScaledPanel& scaled_;
  const WindowInput& input_;
  std::span<const Origin> origins_;
};

}  // namespace rondo::forecasting
