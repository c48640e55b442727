#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace rondo::cli {

// Each verb adds itself with its options and runs when it is named. Data goes to stdout, everything else to
// stderr; what goes wrong is thrown as rondo::Error, whose kind is the exit code.

void add_forecast(CLI::App& app);
void add_online(CLI::App& app);
void add_train(CLI::App& app);
void add_evaluate(CLI::App& app);
void add_predict(CLI::App& app);
void add_inspect(CLI::App& app);
void add_init(CLI::App& app);
void add_check(CLI::App& app);

/// A verb with its description and, at the bottom of its help, examples: one a line, without indentation.
CLI::App* add_verb(CLI::App& app, const std::string& name, const std::string& description,
                   const std::string& examples);

/// "day_order" becomes "--day-order".
std::string flag_of(const std::string& name);

}  // namespace rondo::cli
