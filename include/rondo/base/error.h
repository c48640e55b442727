#pragma once

#include <stdexcept>
#include <string>

namespace rondo {

/// What went wrong, as a caller or a shell script tells it apart. The values are the command line's exit
/// codes.
enum class ErrorKind : int {
  check_failed = 1,  ///< a comparison or verification did not hold
  usage = 2,         ///< wrong argument, option, shape or call
  data = 3,          ///< the data given cannot be used
  model_file = 4,    ///< a model or checkpoint file was refused
  diverged = 5,      ///< training produced NaN or infinity
  resources = 6,     ///< disk full, out of memory, not writable
  interrupted = 130  ///< stopped by the user; what was promised to be saved has been saved
};

/// The one exception type of rondo. It says what happened, where, what was seen, what was expected and the
/// fix:
///
///     throw Error(ErrorKind::data, "column 'pric' is not in the table")
///         .where("prices.csv").seen("columns date, price").expected("a column named 'pric'")
///         .fix("did you mean --target price?");
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, std::string what);
  // Not inline: every throw copies one and destroys two.
  Error(const Error& other);
  Error& operator=(const Error& other);
  ~Error() override;

  Error& where(std::string text);
  Error& seen(std::string text);
  Error& expected(std::string text);
  Error& fix(std::string text);

  ErrorKind kind() const noexcept { return kind_; }
  /// What `where`, `seen`, `expected` and `fix` were given.
  struct Details {
    std::string where, seen, expected, fix;
  };
  const Details& details() const noexcept { return details_; }
  /// The first line only, without the details.
  const std::string& summary() const noexcept { return summary_; }
  /// The whole message, one detail a line.
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  Error& detail(const char* label, std::string& known, const std::string& text);

  ErrorKind kind_;
  Details details_;
  std::string summary_;
  std::string text_;
};

}  // namespace rondo
