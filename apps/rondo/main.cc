// The command line: finds the verb, runs it, turns what goes wrong into one message and an exit code.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <new>
#include <vector>

#include "interrupt.h"
#include "rondo/base/error.h"
#include "rondo/base/json.h"
#include "rondo/base/version.h"
#include "rondo/kernels/instruction_set.h"
#include "verbs.h"

namespace rondo::cli {

CLI::App* add_verb(CLI::App& app, const std::string& name, const std::string& description,
                   const std::string& examples) {
  CLI::App* verb = app.add_subcommand(name, description);
  std::string footer = "Examples:\n  ";
  for (const char c : examples) {
    footer += c;
    if (c == '\n') footer += "  ";
  }
  verb->footer(footer);
  verb->get_formatter()->column_width(34);
  return verb;
}

#include "verb_list.inc"

namespace {

/// The verb that was named, or the program itself.
const CLI::App& active(const CLI::App& app) {
  const auto verbs = app.get_subcommands();
  return verbs.empty() ? app : active(*verbs.front());
}

std::vector<std::string> names_of_options(const CLI::App& verb) {
  std::vector<std::string> names;
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<std::string> names_of_verbs(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(verb->get_name());
  return names;
}

/// What the user typed that nobody expected, with what was probably meant.
Error unexpected_argument(const CLI::App& app) {
  const CLI::App& verb = active(app);
  std::vector<std::string> left = app.remaining(true);
  std::string first = left.empty() ? std::string("?") : left.front();
  for (const std::string& word : left) {  // an unknown option explains the stray value behind it
    if (word.starts_with("-")) {
      first = word;
      break;
    }
  }
  const std::string name = first.substr(0, first.find('='));
  const bool is_option = name.starts_with("-");
  const bool no_verb = &verb == &app;
  std::string nearest = nearest_name(name, is_option ? names_of_options(verb) : names_of_verbs(app));
  if (!is_option && !no_verb) nearest.clear();
  Error error(ErrorKind::usage, is_option ? "unknown option '" + name + "'"
                                : no_verb ? "unknown verb '" + name + "'"
                                          : "unexpected argument '" + name + "'");
  std::string verbs;
  for (const std::string& known : names_of_verbs(app)) verbs += (verbs.empty() ? "" : ", ") + known;
  error.expected(no_verb && !is_option ? "one of " + verbs : "");
  const std::string help = "rondo " + (no_verb ? "" : verb.get_name() + " ") + "--help";
  error.fix(nearest.empty() ? "see " + help : "did you mean '" + nearest + "'? See " + help);
  return error;
}

int report(const Error& error) {
  std::cout.flush();
  std::cerr << "error: " << error.what() << '\n';
  return static_cast<int>(error.kind());
}

std::string version() {
  std::string sets;
  for (const std::string& set : instruction_sets()) sets += (sets.empty() ? "" : ", ") + set;
  return "rondo " + std::string(kVersion) + "\ninstruction set " + instruction_set() + " of " + sets;
}

int run(int argc, char** argv) {
  CLI::App app("Recurrent neural networks: train, forecast, serve", "rondo");
  app.set_version_flag("--version", version);
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.require_subcommand(0, 1);
  app.get_formatter()->column_width(34);
  app.footer(
      "Help on a verb: rondo VERB --help\n"
      "First steps:    rondo forecast FILE.csv --target COLUMN --time COLUMN\n"
      "Environment:    RONDO_INSTRUCTION_SET forces a set of rondo --version, such as AVX2");
  app.parse_complete_callback([] { instruction_set(); });  // a wrong name in the environment stops every verb
  add_verbs(app);

  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty()) {
      throw Error(ErrorKind::usage, "no verb given").fix("see rondo --help");
    }
    return 0;
  } catch (const CLI::CallForHelp&) {
    const CLI::App& verb = active(app);
    std::cout << (&verb == &app ? app.help() : verb.help("rondo"));
    return 0;
  } catch (const CLI::CallForVersion& version) {
    std::cout << version.what() << '\n';
    return 0;
  } catch (const CLI::ExtrasError&) {
    return report(unexpected_argument(app));
  } catch (const CLI::ParseError& error) {
    for (const std::string& word : app.remaining(true)) {  // "--dat x" explains why --data is missing
      if (word.starts_with("-")) return report(unexpected_argument(app));
    }
    const CLI::App& verb = active(app);
    return report(Error(ErrorKind::usage, error.what())
                      .fix("see rondo " + (&verb == &app ? "" : verb.get_name() + " ") + "--help"));
  } catch (const Error& error) {
    return report(error);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    return report(Error(ErrorKind::check_failed, std::string("internal error: ") + error.what())
                      .fix("please report this with the command that led to it"));
  }
}

/// There may be no memory for a message either, nor for the list of verbs.
int run_within_memory(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("error: out of memory\n  fix:      use smaller batches, windows or layers\n", stderr);
    return static_cast<int>(ErrorKind::resources);
  }
}

/// What a verb printed has to arrive, whichever verb it is.
int check_output(int code) {
  std::cout.flush();
  errno = 0;
  const bool arrived = std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && !std::cout.fail();
  if (arrived || code != 0) return code;
  return report(Error(ErrorKind::resources, "cannot write to the standard output")
                    .seen(errno == 0 ? "a full disk, or nobody who reads it" : std::strerror(errno)));
}

/// A file that is opened later must not become the standard output because that is closed: reading and
/// writing what is closed stay errors.
void keep_closed() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) != -1) continue;
    if (::open("/dev/null", descriptor == STDOUT_FILENO ? O_RDONLY : O_WRONLY) != descriptor) return;
  }
}

}  // namespace
}  // namespace rondo::cli

int main(int argc, char** argv) {
  rondo::cli::keep_closed();
  rondo::cli::catch_interrupts();
  return rondo::cli::check_output(rondo::cli::run_within_memory(argc, argv));
}
