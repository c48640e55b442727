# The command line: build/rondo.
file(GLOB sources CONFIGURE_DEPENDS
     "${PROJECT_SOURCE_DIR}/apps/rondo/*.cc" "${PROJECT_SOURCE_DIR}/apps/rondo/*/*.cc")
if(NOT sources OR NOT TARGET rondo)
  return()
endif()

# A verb is one file, apps/rondo/verb_NAME.cc; the list of all is derived, so that a new verb touches none.
set(declarations "")
set(calls "")
file(GLOB verbs CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/apps/rondo/verb_*.cc")
foreach(verb IN LISTS verbs)
  string(REGEX REPLACE ".*/verb_(.*)\\.cc$" "\\1" name "${verb}")
  string(APPEND declarations "void add_${name}(CLI::App& app);\n")
  string(APPEND calls "  add_${name}(app);\n")
endforeach()
file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/generated/verb_list.inc" @ONLY CONTENT
     "@declarations@\nvoid add_verbs(CLI::App& app) {\n@calls@}\n")

find_package(CLI11 REQUIRED)
rondo_batch_sources(compiled ${sources})
add_executable(rondo_cli ${compiled})
rondo_configure_target(rondo_cli)
set_target_properties(rondo_cli PROPERTIES OUTPUT_NAME rondo RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
target_include_directories(rondo_cli PRIVATE "${PROJECT_SOURCE_DIR}/apps/rondo" "${PROJECT_BINARY_DIR}/generated")
target_link_libraries(rondo_cli PRIVATE
  rondo CLI11::CLI11 fmt::fmt tomlplusplus::tomlplusplus Threads::Threads ${RONDO_HEADER_ONLY})
