#include "options.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include "interrupt.h"

namespace rondo::cli {

std::string flag_of(std::string_view name) {
  std::string flag = "--" + std::string(name);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

std::string flags_of(std::string_view name) {
  if (name == "window") return "--window,--look-back";
  if (name == "backtest") return "--backtest,--origins";
  return flag_of(name);
}

const CLI::Option* find_option(const CLI::App& verb, std::string_view flag) {
  const std::string_view name = flag.substr(2);
  for (const CLI::Option* option : verb.get_options()) {
    const std::vector<std::string>& names = option->get_lnames();
    if (std::find(names.begin(), names.end(), name) != names.end()) return option;
  }
  return nullptr;
}

CLI::Option* find_option(CLI::App& verb, std::string_view flag) {
  return const_cast<CLI::Option*>(find_option(std::as_const(verb), flag));
}

RunControls RunOptions::controls() const {
  RunControls controls;
  controls.verbose = quiet || json ? 0 : -1;
  controls.log = Logger(parse_log_level(log_level));
  controls.resume = resume;
  controls.stop = &interrupted();
  controls.watches_stop = watch_stop;
  return controls;
}

void print_json(const Json& object) { std::cout << to_json(object, 2) << '\n' << std::flush; }

}  // namespace rondo::cli
