#include "tasks/forecast/search/ensemble.h"

#include <algorithm>
#include <filesystem>

#include "tasks/forecast/networks/likelihood_head.h"
#include "tasks/forecast/networks/recursive_data.h"
#include "tasks/forecast/search/tune.h"
#include "tasks/forecast/search/tune_residual.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kMaxJudgedOrigins = 4000;
/// Of forecasts that are drawn path by path.
constexpr std::int64_t kMaxDrawnOrigins = 600;

template <class Training>
void put_controls(const ForecastOptions& options, const RunControls& controls, Training& training) {
  training.cell = options.cell;
  training.units = options.units;
  training.batch_size = options.batch_size;
  training.learning_rate = options.learning_rate;
  training.seed = options.seed;
  training.run = controls;
}

ResidualTraining residual_training(const ForecastOptions& options, const RunControls& controls) {
  const ResidualTraining usual;
  ResidualTraining training;
  put_controls(options, controls, training);
  if (options.units <= 0) training.units = usual.units;
  if (options.batch_size <= 0) training.batch_size = usual.batch_size;
  if (options.learning_rate <= 0) training.learning_rate = usual.learning_rate;
  if (options.epochs > 0) training.epochs = options.epochs;
  if (options.patience > 0) training.patience = options.patience;
  return training;
}

/// Origins held out by some member, and the member, thinned to what is worth judging.
struct Judged {
  std::vector<Origin> origins;
  std::vector<int> member;
};

Judged held_out_origins(const Panel& panel, const Folds& folds, std::int64_t first, std::int64_t most) {
  Judged all;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    for (std::int64_t row = first; row + 1 < panel.series[s].train_rows; ++row) {
      const Origin origin{static_cast<std::int64_t>(s), row};
      for (int k = 0; k < folds.members(); ++k) {
        if (folds.role(k, origin) != Role::held_out) continue;
        all.origins.push_back(origin);
        all.member.push_back(k);
        break;  // the members after it that hold out the same are judged with it
      }
    }
  }
  const std::size_t stride = std::max<std::size_t>(1, all.origins.size() / static_cast<std::size_t>(most));
  Judged out;
  for (std::size_t i = 0; i < all.origins.size(); i += stride) {
    out.origins.push_back(all.origins[i]);
    out.member.push_back(all.member[i]);
  }
  return out;
}

/// What the members that hold out the same part say together, by part.
std::vector<NetworkForecast> by_part(const std::vector<NetworkForecast>& words, bool point) {
  const std::size_t parts = std::min<std::size_t>(words.size(), kHeldOutParts);
  if (words.size() == parts) return words;
  std::vector<NetworkForecast> out;
  for (std::size_t part = 0; part < parts; ++part) {
    std::vector<NetworkForecast> own;
    for (std::size_t k = part; k < words.size(); k += kHeldOutParts) own.push_back(words[k]);
    out.push_back(own.size() == 1 ? own.front() : mixture_of(own, point));
  }
  return out;
}

/// A search, or what it found before the run was interrupted.
template <class Search, class Load>
auto searched_or_loaded(const RunControls& controls, const Search& search, const Load& load) {
  const std::string file = controls.checkpoint + ".tuned";
  if (!controls.checkpoint.empty() && controls.resume && std::filesystem::exists(file)) return load(file);
  auto tuned = search();
  if (!controls.checkpoint.empty()) save_found(tuned.found(), file);
  return tuned;
}

/// The outcome of a search and its settings, for people.
std::string told_search(const ForecastOptions& options, const RunControls& controls,
                        const FoundSettings& found) {
  std::string note = search_note(options.tune, found);
  controls.log.info(note);
  return note;
}

/// The option that asks for a network over windows, whatever the number of rows; "" where none does.
std::string what_told(const ForecastOptions& options) {
  if (options.likelihood != "point") return "--likelihood " + options.likelihood;
  if (options.model != "auto") return "--model " + options.model;
  return options.normalize != "auto" ? "--normalize " + options.normalize : std::string();
}

/// Of the recursive model, which draws every row of the horizon from what it knows of it.
std::string note_on_past(const ForecastOptions& options) {
  std::string names;
  for (const std::string& name : options.past) names += (names.empty() ? "" : ", ") + name;
  return "--model recursive: the network has no use for columns whose future is not known (" + names +
         "); the line alone learns from them.";
}

TrainedPart train_segment_part(const Panel& panel, const ScaledPanel& scaled, const LineChoice& choice,
                               SegmentWindow window, const ForecastOptions& options,
                               const RunControls& controls, bool calendar, Pool& pool) {
  SegmentTraining training;
  put_controls(options, controls, training);
  training.members = static_cast<int>(options.ensemble);
  training.head = LikelihoodHead(options.likelihood);
  training.direct = options.model == "direct";
  training.epochs = options.epochs;
  if (options.patience > 0) training.patience = options.patience;
  const bool drawn = options.model == "recursive";
  TrainedPart out;
  std::int64_t trials = 0;
  if (options.tune > 0) {
    const TunedSegments tuned = searched_or_loaded(
        controls,
        [&] {
          return tune_segments(panel, scaled, window, training, calendar, static_cast<double>(options.tune),
                               pool);
        },
        [&](const std::string& file) { return load_tuned(file, panel, scaled, window, training, calendar); });
    window = tuned.window;
    training = tuned.training;
    FoundSettings found = tuned.found();
    const SegmentTraining settled = settle_training(panel, window, training);
    found.units = settled.units;
    found.dropout = settled.dropout;
    found.learning_rate = settled.learning_rate;
    out.notes.push_back(told_search(options, controls, found));
    trials = found.trials;
  }
  if (drawn && !options.past.empty()) out.notes.push_back(note_on_past(options));
  const Folds folds(panel, training.members, window.out_rows());
  const auto put = [&](auto trained, auto& model) {
    out.history = std::move(trained.history);
    out.best_epoch = trained.best_epoch;
    out.flow = std::move(trained.flow);
    out.members = std::move(trained.members);
    out.training = std::move(trained.training);
    model = std::move(trained.model);
  };
  if (drawn) {
    put(train_recursive(panel, scaled, window, folds, training, pool), out.part.recursive);
  } else {
    put(train_segments(panel, scaled, window, folds, training, pool), out.part.segments);
  }
  const std::int64_t first = std::max(
      window.first_origin(), LineLayout::cover(panel, choice.members).first_origin(scaled.difference));
  const std::int64_t most = drawn ? kMaxDrawnOrigins : kMaxJudgedOrigins;
  const Judged judged = held_out_origins(panel, folds, first, most);
  std::vector<std::int64_t> limits;
  for (const PanelSeries& s : panel.series) limits.push_back(s.train_rows);
  const std::vector<NetworkForecast> all = out.part.members(panel, scaled, judged.origins, pool);
  const std::vector<NetworkForecast> words = by_part(all, out.part.is_point());
  const bool same_for_all = panel.series.front().validation_rows > 0;
  for (ForecastMember& member : out.members) member.fold = same_for_all ? 0 : member.fold;
  out.training.trials = trials;
  out.training.network = drawn ? "recursive" : training.direct ? "direct" : "encoder_decoder";
  std::vector<Rows> lines(same_for_all ? 1 : words.size());
  pool.run(static_cast<int>(lines.size()), [&](int k) {
    const LinearPath path = fit_line(panel, scaled, choice.members, limits, [&](const Origin& origin) {
      return folds.role(k, origin) == Role::train;
    });
    lines[static_cast<std::size_t>(k)] = path.predict(panel, scaled, judged.origins);
  });

  const NetworkForecast together = mixture_of(all, out.part.is_point());
  Rows truth = target_rows(panel, scaled, judged.origins);
  forget_filled(panel, judged.origins, truth);
  Rows left{panel.horizon, {}}, word{panel.horizon, {}};
  const auto width = static_cast<std::size_t>(panel.horizon);
  for (std::size_t i = 0; i < judged.origins.size(); ++i) {
    const auto member = static_cast<std::size_t>(judged.member[i]);
    // Where all members hold out the same rows, these judge their mixture; else each part judges those that
    // hold it out.
    const NetworkForecast& said = same_for_all ? together : words[member];
    for (std::size_t at = i * width; at < (i + 1) * width; ++at) {
      const double line = lines[same_for_all ? 0 : member].values[at];
      const double spread = said.spread.values[at];
      left.values.push_back((truth.values[at] - line) / spread);
      word.values.push_back((said.location.values[at] - line) / spread);
    }
  }
  const std::int64_t apart = std::max<std::int64_t>(1, panel.total_training_rows() / most);
  out.part.share = judge_network(left, word, (panel.horizon - 1) / apart);
  out.scores.columns = panel.horizon;
  for (std::size_t i = 0; i < left.values.size(); ++i) {
    out.scores.values.push_back(left.values[i] - out.part.share.share * word.values[i]);
  }
  return out;
}

TrainedPart train_residual_part(const Panel& panel, const ScaledPanel& scaled, const LineChoice& choice,
                                const ForecastOptions& options, const RunControls& controls, Pool& pool) {
  WindowInput input =
      choose_window_input(panel, choice.members.front(), choice.longest_lag(), options.window);
  ResidualTraining training = residual_training(options, controls);
  TrainedPart out;
  if (options.tune > 0) {
    const TunedResidual tuned = searched_or_loaded(
        controls,
        [&] {
          return tune_residual(panel, scaled, choice.members, input, training,
                               static_cast<double>(options.tune), pool);
        },
        [&](const std::string& file) { return load_tuned(file, panel, choice.members, input, training); });
    input = tuned.input;
    training = tuned.training;
    out.notes.push_back(told_search(options, controls, tuned.found()));
    out.training.trials = tuned.trials;
  }
  const Residuals residuals =
      make_residuals(panel, scaled, choice.members, input, static_cast<int>(options.ensemble), pool);
  TrainedResidual trained = train_residual(panel, scaled, residuals, training, pool);
  out.members = std::move(trained.members);
  out.training.network = "residual";
  out.training.units = training.units;
  out.training.batch_size = training.batch_size;
  out.training.patience = training.patience;
  out.training.learning_rate = training.learning_rate;
  out.training.epochs = static_cast<double>(training.epochs);
  out.part.residual = std::move(trained.model);
  out.part.share = trained.share;
  out.history = std::move(trained.history);
  out.best_epoch = trained.best_epoch;
  out.flow = std::move(trained.flow);
  out.scores = std::move(trained.held_out_errors);
  return out;
}

}  // namespace

std::int64_t NetworkPart::window_rows() const {
  if (recursive) return recursive->window.rows();
  return segments ? segments->window.rows() : residual->input.rows();
}

const Network& NetworkPart::network() const {
  if (recursive) return recursive->network;
  return segments ? segments->network : residual->network;
}

std::vector<NetworkForecast> NetworkPart::members(const Panel& panel, const ScaledPanel& scaled,
                                                  std::span<const Origin> origins, Pool& pool) {
  return recursive ? recursive->members(panel, scaled, origins, pool)
                   : segments->members(panel, scaled, origins, pool);
}

NetworkForecast NetworkPart::forecast(const Panel& panel, const ScaledPanel& scaled,
                                      std::span<const Origin> origins, const Rows& line, Pool& pool) {
  NetworkForecast out{line, {panel.horizon, std::vector<double>(line.values.size(), 1.0)}};
  if (origins.empty()) return out;
  Rows word{panel.horizon, {}};
  if (!residual) {
    // Needed for its spreads even where its share is 0.
    NetworkForecast said = mixture_of(members(panel, scaled, origins, pool), is_point());
    out.spread = std::move(said.spread);
    word = std::move(said.location);
  }
  if (share.share == 0) return out;
  if (residual) word = residual->correction(panel, scaled, origins, pool);
  for (std::size_t i = 0; i < word.values.size(); ++i) {
    out.location.values[i] += share.share * (residual ? word.values[i] : word.values[i] - line.values[i]);
  }
  return out;
}

TrainedPart train_network_part(const Panel& panel, const ScaledPanel& scaled, const LineChoice& choice,
                               const ForecastOptions& options, const RunControls& controls, bool calendar,
                               Pool& pool) {
  SegmentWindow window = choose_segment_window(panel, options.window, calendar);
  window.counts = names_counts(options.likelihood);
  if (options.model == "recursive") {
    window = recursive_window(window, panel.horizon, options.window);
  }
  window.normalization = parse_normalization(options.normalize);
  if (window.wants_fixed_spreads()) window.fix_spreads(panel, scaled);
  const std::string told = what_told(options);
  if (!told.empty()) require_segment_windows(panel, window, told);
  if (!told.empty() || segment_network_applies(panel, window)) {
    return train_segment_part(panel, scaled, choice, window, options, controls, calendar, pool);
  }
  return train_residual_part(panel, scaled, choice, options, controls, pool);
}

}  // namespace rondo::forecasting
