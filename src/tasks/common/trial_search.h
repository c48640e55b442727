#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "rondo/base/random.h"
#include "rondo/train/callbacks.h"

namespace rondo::tasks {

/// How a search went.
struct SearchOutcome {
  std::int64_t trials = 0, pruned = 0;
  double before = 0, after = 0;  ///< error of the first trial (the settings as they were) and of the best one
};

/// The clock and the patience of a random search (Bergstra, Bengio 2012): trials follow one another for about
/// `seconds`, at least one. A trial that is a tenth worse than the median of those before it at the same
/// epoch is given up once a quarter of its `epochs` are over (Golovin et al. 2017, "median stopping").
class TrialSearch {
 public:
  /// `clock` says the seconds that have passed since some moment.
  TrialSearch(double seconds, std::int64_t epochs, std::function<double()> clock = steady_seconds);

  /// Ends the trial before; whether there is time for another one.
  bool next();
  std::int64_t number() const { return number_; }  ///< of this trial; 0: the settings as they were
  /// Belongs among the callbacks of this trial's training.
  CallbackPtr watch();
  bool given_up() const { return given_up_; }
  /// `error` is that of a trial that was not given up; whether none was smaller.
  bool improves(double error);

  const SearchOutcome& outcome() const { return outcome_; }

 private:
  static double steady_seconds();
  bool is_hopeless() const;

  double seconds_, longest_ = 0, begin_ = 0;
  std::int64_t epochs_, number_ = -1;
  std::function<double()> clock_;
  double start_;
  SearchOutcome outcome_;
  std::vector<double> curve_;                ///< validation loss by epoch, of this trial
  std::vector<std::vector<double>> curves_;  ///< of those that were not given up
  bool given_up_ = false;
};

/// One of `values`, by element of the stream.
template <class Values>
double drawn_from(const RandomStream& stream, std::uint64_t element, const Values& values) {
  return values[stream.below(element, values.size())];
}

}  // namespace rondo::tasks
