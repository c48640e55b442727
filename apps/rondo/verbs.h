#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace rondo::cli {

// A verb is one file, verb_NAME.cc, with `void add_NAME(CLI::App& app)`: it adds itself with its options and
// runs when it is named. The build finds the file and makes verb_list.inc of all of them. Data goes to
// stdout, everything else to stderr; what goes wrong is thrown as rondo::Error, whose kind is the exit code.

/// A verb with its description and, at the end of its help, examples: one a line, without indentation.
CLI::App* add_verb(CLI::App& app, const std::string& name, const std::string& description,
                   const std::string& examples);

}  // namespace rondo::cli
