#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rondo {

/// Named numbers in the order in which they are shown: loss, metrics, val_loss …
using NamedValues = std::vector<std::pair<std::string, double>>;

/// What one line of progress shows.
struct ProgressState {
  std::int64_t done = 0;               ///< steps done in this epoch
  std::optional<std::int64_t> target;  ///< steps of the epoch, where known
  double seconds = 0;                  ///< since the epoch's start
  NamedValues values;
  bool finished = false;  ///< shows the time taken instead of the time left
};

/// "0.3712", or "3.7120e-04" for |value| <= 1e-3 (and not 0).
std::string format_metric(double value);
/// "15ms/step", "2s/step", "120us/step".
std::string format_step_time(double seconds_per_step);

/// One line in the shape Keras has made familiar, without the line's end:
///
///     118/118 ━━━━━━━━━━━━━━━━━━━━ 2s 15ms/step - loss: 0.3712 - val_loss: 0.4021
///
/// While running, the time left stands in place of the time taken. With `colour` the done part of the bar is
/// green and the rest grey; without, the rest is a thin line.
std::string format_progress(const ProgressState& state, bool colour);

/// Where progress is written.
enum class ProgressStyle {
  none,   ///< nothing
  lines,  ///< one plain line an epoch: files, pipes
  bar     ///< a bar that is drawn over itself: terminals
};

/// `bar` when the file descriptor (2 is stderr) is a terminal that can move its cursor, `lines` elsewhere.
ProgressStyle detect_progress_style(int file_descriptor = 2);
/// False when the environment sets NO_COLOR or the terminal is dumb.
bool colour_wanted();

/// Shows the epochs of a training on a stream. The bar is redrawn at most twenty times a second.
class ProgressPrinter {
 public:
  using Clock = std::function<double()>;  ///< seconds, monotonic

  ProgressPrinter(std::ostream& out, ProgressStyle style, bool colour = false, Clock clock = {});

  /// `epoch` counts from 0; `epochs` and `steps` may be unknown (0).
  void begin_epoch(std::int64_t epoch, std::int64_t epochs, std::int64_t steps);
  void step(std::int64_t done, const NamedValues& values);
  void end_epoch(std::int64_t done, const NamedValues& values);

 private:
  std::string epoch_label() const;

  std::ostream* out_;
  ProgressStyle style_;
  bool colour_;
  Clock clock_;
  std::int64_t epoch_ = 0, epochs_ = 0;
  std::optional<std::int64_t> steps_;
  double start_ = 0, last_drawn_ = 0;
  std::size_t last_width_ = 0;
};

}  // namespace rondo
