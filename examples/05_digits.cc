// Character recognition: an LSTM reads images of digits from top to bottom, one row of pixels a step.
//
//     05_digits                      digits that the program draws, then MNIST where it is found (see below)
//     05_digits FOLDER [--limit N]   MNIST from FOLDER: its idx files, gzip or not, the training
//                                    images in one file or in parts (train-images-part0-...);
//                                    N images to train on, 0: all
//
// MNIST is looked for in the folder image/mnist of RONDO_SHARED_DATA or of ../shared/data.

#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <rondo/rondo.h>

namespace {

constexpr int kSide = 28;

struct Digit {
  std::array<float, kSide * kSide> pixels;  // row by row, 0 = paper, 1 = ink
  int label;
};

// ---- Digits that the program draws --------------------------------------------------------------

// 5 × 7 points a digit, as on old displays.
constexpr std::array<const char*, 10> kFont = {
    ".###.#...##..###.#.###..##...#.###.", "..#...##....#....#....#....#...###.",
    ".###.#...#....#...#...#...#...#####", "#####...#...#.....#....##...#.###..",
    "...#...##..#.#.#..#.#####...#....#.", "######....####.....#....##...#.###.",
    "..##..#...#....####.#...##...#.###.", "#####....#...#...#...#....#....#...",
    ".###.#...##...#.###.#...##...#.###.", ".###.#...##...#.####....#...#..##..",
};

// How much ink is at (x, y) of a digit, in points of the font; between points, something between.
double ink(int label, double x, double y) {
  const auto point = [label](int px, int py) {
    return px >= 0 && px < 5 && py >= 0 && py < 7 &&
                   kFont[static_cast<std::size_t>(label)][py * 5 + px] == '#'
               ? 1.0
               : 0.0;
  };
  const int left = static_cast<int>(std::floor(x)), top = static_cast<int>(std::floor(y));
  const double right_share = x - left, bottom_share = y - top;
  return (1 - bottom_share) * ((1 - right_share) * point(left, top) + right_share * point(left + 1, top)) +
         bottom_share * ((1 - right_share) * point(left, top + 1) + right_share * point(left + 1, top + 1));
}

// The digit number `index`: placed, turned, slanted and sized at random, on noisy paper.
Digit draw(std::uint64_t index) {
  const rondo::RandomStream random(11, rondo::purpose_key("digits"), index);
  auto between = [&random, drawn = std::uint64_t{0}](double low, double high) mutable {
    return low + (high - low) * random.uniform(drawn++);
  };
  Digit digit{};
  digit.label = static_cast<int>(index % 10);
  const double angle = between(-0.2, 0.2), slant = between(-0.3, 0.3);
  const double width = between(2.4, 3.6), height = between(2.4, 3.4);  // pixels a point
  const double centre_x = between(11.5, 15.5), centre_y = between(11.5, 15.5);
  for (int row = 0; row < kSide; ++row) {
    for (int column = 0; column < kSide; ++column) {
      const double dx = column - centre_x, dy = row - centre_y;
      const double turned_x = dx * std::cos(angle) + dy * std::sin(angle);
      const double turned_y = dy * std::cos(angle) - dx * std::sin(angle);
      const double black = ink(digit.label, (turned_x + slant * turned_y) / width + 2, turned_y / height + 3);
      digit.pixels[static_cast<std::size_t>(row * kSide + column)] =
          static_cast<float>(std::clamp(black + between(-0.25, 0.25), 0.0, 1.0));
    }
  }
  return digit;
}

rondo::Pipeline<Digit> drawn_digits(std::uint64_t first, std::uint64_t count) {
  return rondo::Pipeline<std::uint64_t>::from([index = first, end = first + count]() mutable {
           return index < end ? std::optional(index++) : std::nullopt;
         })
      .map(draw);
}

// ---- Digits from MNIST's files ------------------------------------------------------------------

// An idx file: two zero bytes, the type (8: bytes), the number of axes, their sizes, the values. Numbers
// have their highest byte first. zlib reads plain files and gzip alike.
class IdxFile {
 public:
  IdxFile(const std::filesystem::path& path, std::size_t axes)
      : path_(path), file_(gzopen(path.c_str(), "rb"), gzclose) {
    if (!file_) throw rondo::Error(rondo::ErrorKind::data, "the file cannot be opened").where(path.string());
    std::array<unsigned char, 4> word{};
    read(word);
    if (word[2] != 8 || word[3] != axes) {
      throw rondo::Error(rondo::ErrorKind::data, "this is not an idx file of bytes").where(path.string());
    }
    for (std::size_t axis = 0; axis < axes; ++axis) {
      read(word);
      sizes.push_back(word[0] << 24 | word[1] << 16 | word[2] << 8 | word[3]);
    }
    if (axes == 3 && (sizes[1] != kSide || sizes[2] != kSide)) {
      throw rondo::Error(rondo::ErrorKind::data, "the images are not 28 x 28").where(path.string());
    }
  }

  void read(std::span<unsigned char> bytes) {
    const auto size = static_cast<unsigned>(bytes.size());
    if (gzread(file_.get(), bytes.data(), size) == static_cast<int>(size)) return;
    throw rondo::Error(rondo::ErrorKind::data, "the file ends too early or is damaged").where(path_.string());
  }

  std::vector<int> sizes;

 private:
  std::filesystem::path path_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
};

std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder, const std::string& start) {
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::is_directory(folder)) {
    throw rondo::Error(rondo::ErrorKind::data, "there is no such folder").where(folder.string());
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with(start)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) {
    throw rondo::Error(rondo::ErrorKind::data, "the folder holds no MNIST files")
        .where(folder.string())
        .expected("files named " + start + "…");
  }
  return files;
}

// One image after the other, through all parts. Only the image at hand is in memory.
rondo::Pipeline<Digit> mnist_digits(const std::filesystem::path& folder, const std::string& set) {
  const auto labels = std::make_shared<IdxFile>(files_of(folder, set + "-labels").front(), 1);
  auto digits = rondo::Pipeline<Digit>::from(std::vector<Digit>{});
  for (const auto& path : files_of(folder, set + "-images")) {
    const auto images = std::make_shared<IdxFile>(path, 3);
    auto part = rondo::Pipeline<Digit>::from(
        [images, labels, left = images->sizes[0]]() mutable -> std::optional<Digit> {
          if (left-- == 0) return std::nullopt;
          std::array<unsigned char, kSide * kSide> pixels{};
          std::array<unsigned char, 1> label{};
          images->read(pixels);
          labels->read(label);
          Digit digit{{}, label[0]};
          std::transform(pixels.begin(), pixels.end(), digit.pixels.begin(),
                         [](int value) { return value / 255.0f; });
          return digit;
        });
    digits = std::move(digits).concatenate(std::move(part));
  }
  return digits;
}

// ---- Learning -----------------------------------------------------------------------------------

// Some digits as the arrays that a model wants: images [batch, 28 rows, 28 pixels] and class numbers [batch,
// 1].
rondo::Batch to_examples(const std::vector<Digit>& digits) {
  const auto count = static_cast<std::int64_t>(digits.size());
  rondo::Tensor images({count, kSide, kSide}), labels({count, 1});
  auto pixel = images.data<float>().begin();
  for (std::size_t i = 0; i < digits.size(); ++i) {
    pixel = std::copy(digits[i].pixels.begin(), digits[i].pixels.end(), pixel);
    labels.set(static_cast<std::int64_t>(i), digits[i].label);
  }
  return {.inputs = {std::move(images)}, .targets = {std::move(labels)}, .weights = {}};
}

// Trains a new network, tells how well it reads the test digits, and says whether that is what was promised.
bool learn(const std::string& title, rondo::Pipeline<Digit> train, rondo::Pipeline<Digit> test,
           std::int64_t epochs, double promised) {
  // Pipelines do their work when somebody asks for the next value; prefetch does it in a thread, a little
  // ahead.
  const auto training =
      rondo::gather_all(std::move(train).shuffle(1000, 1).batch(250).map(to_examples).prefetch(2));
  const auto testing = rondo::gather_all(std::move(test).batch(250).map(to_examples).prefetch(2));
  std::cout << title << ": " << training->size() << " digits to learn from, " << testing->size()
            << " to test on\n";

  rondo::Sequential model({
      rondo::lstm({.units = 64}),
      rondo::dense({.units = 10, .activation = "softmax"}),
  });
  model.set_threads(2);  // changes the time, not the result
  const auto adam = rondo::Json::object({{"name", "adam"}, {"learning_rate", 0.003}});
  // "sparse": the target is the number of the class instead of a row of zeros with a one.
  model.compile({.optimizer = adam, .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  model.fit(*training, {.batch_size = 64, .epochs = epochs, .run = {.verbose = 2}});

  const rondo::NamedValues result = model.evaluate(*testing, {.batch_size = 250});
  const double loss = result[0].second, accuracy = result[1].second;
  std::printf("%s, digits not seen before: loss %.3f, accuracy %.1f %%\n", title.c_str(), loss,
              100 * accuracy);
  if (accuracy >= promised) return true;
  std::cerr << "error: at least " << 100 * promised << " % should have been read correctly\n";
  return false;
}

std::filesystem::path mnist_folder() {
  const char* shared = std::getenv("RONDO_SHARED_DATA");
  return std::filesystem::path(shared != nullptr ? shared : "../shared/data") / "image" / "mnist";
}

}  // namespace

int main(int argc, char** argv) try {
  std::filesystem::path folder;
  std::int64_t limit = 4000;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--limit" && i + 1 < argc) {
      const std::string number = argv[++i];
      const auto [end, failure] = std::from_chars(number.data(), number.data() + number.size(), limit);
      if (failure != std::errc() || end != number.data() + number.size() || limit < 0) {
        throw rondo::Error(rondo::ErrorKind::usage, "--limit needs a whole number of images").seen(number);
      }
    } else if (folder.empty() && !argument.starts_with("-")) {
      folder = argument;
    } else {
      throw rondo::Error(rondo::ErrorKind::usage, "an argument does not fit")
          .seen(argument)
          .expected("[FOLDER] [--limit N]");
    }
  }

  bool good = true;
  if (folder.empty()) {
    good = learn("drawn digits", drawn_digits(0, 3000), drawn_digits(3000, 500), 6, 0.95);
    if (!std::filesystem::is_directory(mnist_folder())) {
      std::cout << "MNIST is not here (" << mnist_folder().string() << "): left out\n";
      return good ? 0 : 1;
    }
    folder = mnist_folder();
  }
  if (limit == 0) limit = 60000;                     // all there are
  const double promised = limit >= 4000 ? 0.85 : 0;  // from a few images nobody learns much
  good &= learn("MNIST", mnist_digits(folder, "train").take(limit), mnist_digits(folder, "t10k").take(1000),
                5, promised);
  return good ? 0 : 1;
} catch (const rondo::Error& error) {
  std::cerr << "error: " << error.what() << '\n';
  return static_cast<int>(error.kind());
}
