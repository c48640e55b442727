#include "options.h"

#include <iostream>

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
