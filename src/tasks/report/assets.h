#pragma once

#include <string>
#include <string_view>

#include "rondo/base/json.h"
#include "rondo/tasks/page.h"

namespace rondo {

/// A file of a page, compiled into the library: every file below an assets/ folder of src/tasks, named by its
/// path there without that folder ("report/page.html"), and "chart.min.js". cmake/RondoPageAssets.cmake finds
/// them. Throws Error (usage) for another name.
std::string_view page_asset(std::string_view name);

/// The part of an asset; its kind is the file's name without folder and ending.
PagePart asset_part(std::string_view name, const Json& values, Json data = {});

/// Fills the slots of `text` as page_part documents them. What is filled in is not searched again.
std::string fill_template(std::string_view text, const Json& values);

}  // namespace rondo
