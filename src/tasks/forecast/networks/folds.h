#pragma once

#include <cstdint>
#include <vector>

#include "tasks/forecast/networks/residual_data.h"
#include "tasks/forecast/panel/panel.h"

namespace rondo::forecasting {

/// Who learns from which origin. Where the user gave a validation part, every member holds that out.
/// Otherwise the training part is cut into blocks (a season or a reach long), dealt to five folds in turn,
/// and member k holds out fold k % 5; neighbouring series start with another fold, so the newest rows are
/// learnt from by most members and judged by the others. An origin whose horizon reaches into a held-out
/// block, or out of it, is not used at all.
class Folds {
 public:
  /// `reach`: rows after an origin that learning from it looks at (>= horizon).
  Folds(const Panel& panel, int members, std::int64_t reach);

  int members() const { return members_; }
  Role role(int member, const Origin& origin) const;
  /// Whether a member may not learn the value of this row.
  bool holds_out(int member, std::int64_t series, std::int64_t row) const;

 private:
  struct Part {
    std::int64_t learnt = 0, validation = 0;
  };
  bool in_fold(int member, std::int64_t series, std::int64_t row) const;

  int members_;
  std::int64_t reach_, block_ = 1;
  std::vector<Part> parts_;  ///< by series
};

}  // namespace rondo::forecasting
