// Tomorrow's price from the last 30 days, and what such a forecast is worth.
//
//     03_stock_prices                               a made price table, which the program writes itself
//     03_stock_prices FILE.csv[.gz] COLUMN [FOLDER] a table of yours; results go to FOLDER
//
// The steps are those of every tutorial: read, standardise, split 80/20, cut windows, SimpleRNN(50) +
// Dense(1), fit, predict, plot. Two things that tutorials often leave out are here: the scale is learnt from
// the training part alone, and the forecast is compared with the laziest one, "tomorrow is like today".

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <vector>

#include <rondo/rondo.h>

namespace {

constexpr std::int64_t kWindow = 30;

// A random walk: each day adds a random step to the day before. Prices behave much like this.
void write_made_prices(const std::filesystem::path& path) {
  const rondo::RandomStream random(1);
  std::vector<double> day, price;
  double logarithm = std::log(100.0);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    logarithm += 0.01 * random.normal(i);
    day.push_back(static_cast<double>(i));
    price.push_back(std::round(100 * std::exp(logarithm)) / 100);
  }
  rondo::Table table;
  table.add(rondo::Column("day", day));
  table.add(rondo::Column("price", price));
  rondo::write_csv(path, table);
}

double rmse(const std::vector<double>& predicted, const std::vector<double>& actual) {
  double sum = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) sum += std::pow(predicted[i] - actual[i], 2);
  return std::sqrt(sum / static_cast<double>(actual.size()));
}

// Two lines in one picture that every browser shows.
void plot(const std::filesystem::path& path, const std::vector<double>& actual,
          const std::vector<double>& predicted) {
  const auto [low1, high1] = std::minmax_element(actual.begin(), actual.end());
  const auto [low2, high2] = std::minmax_element(predicted.begin(), predicted.end());
  const double low = std::min(*low1, *low2), high = std::max(*high1, *high2);
  std::ostringstream svg;
  svg << "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 900 400' font-family='sans-serif' "
         "font-size='14'>\n"
      << "<rect width='900' height='400' fill='white'/>\n"
      << "<text x='10' y='20'>" << high << "</text><text x='10' y='394'>" << low << "</text>\n"
      << "<text x='700' y='20' fill='#1f77b4'>actual</text><text x='780' y='20' "
         "fill='#d62728'>predicted</text>\n";
  for (const auto& [values, colour] : {std::pair{&actual, "#1f77b4"}, std::pair{&predicted, "#d62728"}}) {
    svg << "<polyline fill='none' stroke='" << colour << "' points='";
    for (std::size_t i = 0; i < values->size(); ++i) {
      svg << 10 + 880.0 * static_cast<double>(i) / static_cast<double>(values->size()) << ','
          << 375 - 345 * ((*values)[i] - low) / std::max(high - low, 1e-9) << ' ';
    }
    svg << "'/>\n";
  }
  svg << "</svg>\n";
  rondo::write_file_atomically(path.string(), svg.str());
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc == 2 || argc > 4) {
    throw rondo::Error(rondo::ErrorKind::usage, "the arguments do not fit")
        .seen(std::to_string(argc - 1) + " arguments")
        .expected("none, or FILE.csv COLUMN [FOLDER]");
  }
  const std::filesystem::path folder = argc > 3
                                           ? std::filesystem::path(argv[3])
                                           : std::filesystem::temp_directory_path() / "rondo-stock-prices";
  std::filesystem::create_directories(folder);
  std::filesystem::path file = folder / "prices.csv";
  std::string column = "price";
  if (argc > 1) {
    file = argv[1];
    column = argv[2];
  } else {
    write_made_prices(file);
  }

  // Read. A misspelt column is answered with the nearest one; a missing value takes the price of the day
  // before.
  const rondo::Table table = rondo::read_csv(file);
  rondo::SeriesSet prices = rondo::make_series(table, {.columns = {column}, .missing = "previous"});
  const std::int64_t days = prices.series[0].length();
  std::cout << "read " << days << " days of '" << column << "' from " << file.string() << '\n';

  // Split by time: the last fifth is the future, which training must not see.
  const rondo::TimeSplit parts = rondo::split_by_time(prices, /*validation=*/0, /*test=*/0.2);

  // Standardise: mean 0 and deviation 1, by the numbers of the training part only.
  const rondo::Tensor actual_prices = prices.series[0].values;  // [days, 1]
  rondo::Scaler scaler;
  scaler.fit(actual_prices.slice(parts.train[0].begin, parts.train[0].end));
  prices.series[0].values = scaler.transform(actual_prices);

  // Windows of 30 days, with the day after them as target. The targets of one set are the training days,
  // those of the other the test days; the inputs of the first test windows reach back into the training
  // days, as they would in life.
  const auto shared = std::make_shared<const rondo::SeriesSet>(std::move(prices));
  const rondo::WindowOptions cut{.length = kWindow, .horizon = 1};
  const rondo::Windows train(shared, cut, parts.train);
  const rondo::Windows test(shared, cut, parts.test);
  std::cout << train.size() << " windows to train on, " << test.size() << " to test on\n";

  rondo::Sequential model({
      rondo::simple_rnn({.units = 50}),
      rondo::dense({.units = 1}),
  });
  model.compile({.optimizer = "adam", .loss = "mse"});
  const rondo::History history = model.fit(train, {.epochs = 100, .run = {.verbose = 2}});

  // Predict, and bring the numbers back to prices.
  const rondo::Tensor scaled = model.predict(test)[0].values();  // [test windows, 1]
  std::vector<double> actual, predicted, yesterday;
  for (std::int64_t i = 0; i < test.size(); ++i) {
    const std::int64_t day = test.target_rows(i).begin;
    predicted.push_back(scaler.inverse(scaled.at(i), 0));
    actual.push_back(actual_prices.at(day));
    yesterday.push_back(actual_prices.at(day - 1));
  }
  const std::filesystem::path picture = folder / "prices.svg";
  plot(picture, actual, predicted);

  const double network = rmse(predicted, actual), naive = rmse(yesterday, actual);
  std::printf("root mean squared error over %d test days: network %.3f, yesterday's price %.3f\n",
              static_cast<int>(test.size()), network, naive);
  if (network < naive) {
    std::printf("The network is %.1f %% better than yesterday's price here.\n", 100 * (1 - network / naive));
    std::printf("Before you trade on it, try another year.\n");
  } else {
    std::printf("The network is %.1f %% worse than yesterday's price,\n", 100 * (network / naive - 1));
    std::printf("however good the picture looks: a line that follows one day late always looks good.\n");
    std::printf("Past prices alone hardly tell the next one.\n");
  }
  std::cout << "picture: " << picture.string() << '\n';

  // What this program promises is not to beat the market, but to learn, and to stay near the prices that it
  // made itself.
  const std::vector<double>& loss = history.at("loss");
  const bool own_table = argc == 1;
  if (!(loss.back() < loss.front() / 2) || (own_table && !(network < 4 * naive))) {
    std::cerr << "error: the network did not learn to follow the price\n";
    return 1;
  }
  return 0;
} catch (const rondo::Error& error) {
  std::cerr << "error: " << error.what() << '\n';
  return static_cast<int>(error.kind());
} catch (const std::filesystem::filesystem_error& error) {
  std::cerr << "error: " << error.what() << '\n';
  return static_cast<int>(rondo::ErrorKind::resources);
}
