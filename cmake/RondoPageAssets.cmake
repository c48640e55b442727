# The files of HTML pages, compiled into the room "tasks": every file of an assets/ folder there, and Chart.js, so that a
# page needs neither a network nor a file of the installation. page_asset() of src/tasks/report/assets.h finds them by name.
find_file(RONDO_CHART_JS NAMES chart.min.js
  PATH_SUFFIXES share/javascript/chart.js share/nodejs/chart.js/dist
  PATHS /usr /usr/local
  DOC "Chart.js 3, minified (Debian package libjs-chart.js)")
if(NOT RONDO_CHART_JS)
  message(FATAL_ERROR "Chart.js is missing, the charts of reports are drawn by it.\n"
    "expected: chart.min.js, version 3\n"
    "fix: install the package libjs-chart.js, or give the file with -DRONDO_CHART_JS=…/chart.min.js")
endif()
mark_as_advanced(RONDO_CHART_JS)

set(tasks "${PROJECT_SOURCE_DIR}/src/tasks")
file(GLOB assets CONFIGURE_DEPENDS RELATIVE "${tasks}" "${tasks}/*/assets/*" "${tasks}/*/*/assets/*")
set(declarations "")
set(choices "")
foreach(asset IN LISTS assets ITEMS chart.min.js)
  string(REPLACE "/assets/" "/" name "${asset}")
  string(MAKE_C_IDENTIFIER "${name}" function)
  if(asset STREQUAL "chart.min.js")
    set(file "${RONDO_CHART_JS}")
  else()
    set(file "${tasks}/${asset}")
  endif()
  set(output "${RONDO_GENERATED_DIR}/page/${function}.cc")
  set(script "${PROJECT_SOURCE_DIR}/cmake/embed.cmake")
  add_custom_command(OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" -D "INPUT=${file}" -D "OUTPUT=${output}" -D NAMESPACE=rondo::page_assets
            -D "FUNCTION=${function}" -P "${script}"
    DEPENDS "${file}" "${script}"
    COMMENT "Embedding ${name}"
    VERBATIM)
  target_sources(rondo_tasks PRIVATE "${output}")
  string(APPEND declarations "std::string_view ${function}();\n")
  string(APPEND choices "  if (name == \"${name}\") return page_assets::${function}();\n")
endforeach()

file(CONFIGURE OUTPUT "${RONDO_GENERATED_DIR}/page/page_asset.cc" @ONLY CONTENT
"// Made by cmake/RondoPageAssets.cmake: do not edit.
#include \"rondo/base/error.h\"
#include \"tasks/report/assets.h\"

namespace rondo::page_assets {
@declarations@}  // namespace rondo::page_assets

std::string_view rondo::page_asset(std::string_view name) {
@choices@  throw Error(ErrorKind::usage, \"a page asks for an asset that does not exist\").seen(std::string(name));
}
")
target_sources(rondo_tasks PRIVATE "${RONDO_GENERATED_DIR}/page/page_asset.cc")
