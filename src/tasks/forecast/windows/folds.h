#pragma once

#include <cstdint>
#include <vector>

#include "tasks/forecast/panel/panel.h"

namespace rondo::forecasting {

/// What a member of the ensemble may do with an origin.
enum class Role : std::uint8_t { train, held_out, neither };

/// The training part is cut into so many parts that members hold out in turn: member k and member k +
/// kHeldOutParts hold out the same one and differ by their initial weights and their dropout.
inline constexpr int kHeldOutParts = 5;
/// Members of an ensemble.
inline constexpr std::int64_t kMaxMembers = 100;

/// Who learns from which origin. Where the user gave a validation part, every member holds that out, and
/// learns from what comes before.
class Folds {
 public:
  virtual ~Folds() = default;

  int members() const { return members_; }
  /// Whether all members hold out the same.
  bool holds_out_the_same() const { return validation_is_given_; }
  virtual Role role(int member, const Origin& origin) const = 0;
  /// Whether a member may not learn the value of this row.
  virtual bool holds_out(int member, std::int64_t series, std::int64_t row) const = 0;

  /// Whether some member has this role there.
  bool any_has(Role role, const Origin& origin) const;

 protected:
  Folds(int members, bool validation_is_given)
      : members_(members), validation_is_given_(validation_is_given) {}

  int members_;
  bool validation_is_given_;
};

/// For many rows: blocks (a season or a reach long) go to five folds in turn, and member k holds out fold k %
/// 5; neighbouring series start with another fold, so the newest rows are learnt from by most members and
/// held out by the others. An origin whose horizon reaches into a held-out block, or out of it, is not used
/// at all.
class BlockFolds final : public Folds {
 public:
  /// `reach`: rows after an origin that learning from it looks at (>= horizon).
  BlockFolds(const Panel& panel, int members, std::int64_t reach);
  Role role(int member, const Origin& origin) const override;
  bool holds_out(int member, std::int64_t series, std::int64_t row) const override;

 private:
  struct Part {
    std::int64_t learnt = 0, validation = 0;
  };
  bool in_fold(int member, std::int64_t series, std::int64_t row) const;

  std::int64_t reach_, block_ = 1;
  std::vector<Part> parts_;  ///< by series
};

/// For few rows: member k holds out the k-th fifth (the sixth again the first) of every series' origins,
/// counted from the end, and learns from the others, except those whose horizon reaches into the fifth.
class FifthFolds final : public Folds {
 public:
  /// `first` is the first origin that networks can use; earlier ones are nobody's to hold out.
  FifthFolds(const Panel& panel, int members, std::int64_t first);
  Role role(int member, const Origin& origin) const override;
  bool holds_out(int member, std::int64_t series, std::int64_t row) const override;

 private:
  struct Range {
    std::int64_t begin = 0, end = 0;  ///< of origins
  };
  const Range& held_out(int member, std::int64_t series) const;

  std::int64_t horizon_;
  /// Origins so near to the held-out ones are not learnt from: the horizon, or a fifth where that is shorter;
  /// where the validation part is given, exactly those whose horizon reaches into it.
  std::int64_t margin_;
  std::vector<std::int64_t> train_rows_;
  std::vector<std::vector<Range>> held_out_;  ///< by part, by series
};

/// Origins of the training part for which some member has the role, from row `first` on.
std::vector<Origin> origins_with(Role role, const Panel& panel, const Folds& folds, std::int64_t first);

}  // namespace rondo::forecasting
