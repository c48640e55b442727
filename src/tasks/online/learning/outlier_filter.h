#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "tasks/common/archive.h"
#include "tasks/online/learning/history.h"

namespace rondo::online {

/// What a reading is beside those before it. Outliers and level shifts as in Chen and Liu, "Joint estimation
/// of model parameters and outlier effects in time series", JASA 88, 1993. A stream has no later rows that
/// would tell them apart, so a reading is an outlier until the next one confirms it.
enum class Reading : std::uint8_t {
  missing,
  usual,
  outlier,      ///< far off all before it: not to be believed until another one is near it
  burst,        ///< far off as well, but such readings are frequent: to be believed, but not learnt from
  level_shift,  ///< confirms the outlier before it: from here on the level is another one
  new_scale,    ///< most readings are far off, or all have come much closer: what is known of scales is void
  beginning     ///< the first moves are over, and before them the column stood still, or one was an outlier:
                ///< nothing is known but the last few readings
};

/// Tells outliers in the columns of a stream by their moves: a reading is far off when it has moved further
/// than ten times the largest move of the last rows. Nothing is judged until eight moves were seen; those are
/// looked through once more then.
class OutlierFilter {
 public:
  OutlierFilter() = default;
  explicit OutlierFilter(std::int64_t columns);

  /// Judges the next row; NaN: missing.
  void add(std::span<const double> row);
  Reading reading(std::size_t column) const { return readings_[column]; }
  /// Whether enough moves of the column were seen to tell.
  bool settled(std::size_t column) const;
  /// The last readings of a column without those that are far off the others, oldest first: what a new scale
  /// is made of. At least one; valid until the next call.
  std::span<const double> recent(std::size_t column);
  /// Outliers of all columns until now.
  std::int64_t outliers() const { return outliers_; }

  void archive(tasks::Archive& archive);

 private:
  struct Column {
    double count = 0;                                           // readings
    double level = 0, last = 0;                                 // the last that was believed, the very last
    double doubted = std::numeric_limits<double>::quiet_NaN();  // the last one, if it was an outlier
    double moves = 0;                                           // seen, up to the eight that are needed
    double stretch_rows = 0, largest = 0,
           largest_before = 0;  // the largest moves of this stretch and the last
    // How many readings were far off lately, and which share of the last few; how many shifts: all fading.
    double far_off = 0, share_far_off = 0, shifts = 0;
    double on_trial = 0;  // 1: its scale was found in an uproar a short while ago

    double limit() const;
    bool ends_stretch_calmer();
    void archive(tasks::Archive& archive);
  };
  Reading judge(std::size_t c, double value);
  Reading judge_first(std::size_t c, double value, double last, double doubted);
  Reading start_anew(std::size_t c);
  static double largest_move(std::span<const double> readings);

  std::vector<Column> columns_;
  RecentRows<double> readings_of_;  // [reading of a column][columns]
  std::vector<Reading> readings_;
  std::int64_t outliers_ = 0;
  std::vector<double> recent_, sorted_;  // scratch
};

}  // namespace rondo::online
