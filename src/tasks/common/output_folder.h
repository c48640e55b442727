#pragma once

#include <string>

namespace rondo::tasks {

/// Makes the folder, and those above it, where they do not exist. Error(resources) with `fix` when that
/// fails.
void make_output_folder(const std::string& folder, const std::string& fix);

}  // namespace rondo::tasks
