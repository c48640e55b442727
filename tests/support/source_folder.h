#pragma once

#include <filesystem>

namespace rondo {

/// The root of the source tree.
std::filesystem::path source_folder();

}  // namespace rondo
