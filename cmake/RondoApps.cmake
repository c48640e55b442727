# The command line: build/rondo.
file(GLOB sources CONFIGURE_DEPENDS
     "${PROJECT_SOURCE_DIR}/apps/rondo/*.cc" "${PROJECT_SOURCE_DIR}/apps/rondo/*/*.cc")
if(NOT sources OR NOT TARGET rondo)
  return()
endif()

find_package(CLI11 REQUIRED)
add_executable(rondo_cli ${sources})
rondo_configure_target(rondo_cli)
rondo_build_cold_sources_fast(${sources})
set_target_properties(rondo_cli PROPERTIES OUTPUT_NAME rondo RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
target_include_directories(rondo_cli PRIVATE "${PROJECT_SOURCE_DIR}/apps/rondo" "${PROJECT_SOURCE_DIR}/src")
target_link_libraries(rondo_cli PRIVATE
  rondo CLI11::CLI11 fmt::fmt tomlplusplus::tomlplusplus Threads::Threads ${RONDO_HEADER_ONLY})
