# Installs the library under a temporary prefix and builds a project that knows nothing but that prefix, once through
# find_package and once through pkg-config, and runs it; then the extensions of examples/extending. A third project includes the source tree; that one is only
# configured, for it would build the whole library again.
#   cmake -D BUILD_DIR=... -D RONDO_DIR=... -D SCRATCH=... -D GENERATOR=... -D COMPILER=... -D FLAGS=... -P check.cmake
cmake_minimum_required(VERSION 3.25)

function(run what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE complaint)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "error: ${what} failed (${status})\n${output}${complaint}")
  endif()
  string(STRIP "${output}" output)
  set(run_output "${output}" PARENT_SCOPE)
endfunction()

set(source "${RONDO_DIR}/tests/consumer")
set(prefix "${SCRATCH}/prefix")
set(common -S "${source}" -G "${GENERATOR}"
    "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_FLAGS=${FLAGS}" -DCMAKE_BUILD_TYPE=Release)
file(REMOVE_RECURSE "${SCRATCH}")

run("installing" ${CMAKE_COMMAND} --install "${BUILD_DIR}" --prefix "${prefix}")

run("configuring the consumer" ${CMAKE_COMMAND} ${common} -B "${SCRATCH}/build" "-DCMAKE_PREFIX_PATH=${prefix}")
run("building the consumer" ${CMAKE_COMMAND} --build "${SCRATCH}/build")
run("running the consumer" "${SCRATCH}/build/consumer")
message(STATUS "find_package: ${run_output}")

# Layers and cells of somebody else's: each program ends with 0 when it works.
run("configuring examples/extending" ${CMAKE_COMMAND} -S "${RONDO_DIR}/examples/extending" -B "${SCRATCH}/extending"
    -G "${GENERATOR}" "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_FLAGS=${FLAGS}" -DCMAKE_BUILD_TYPE=Release
    "-DCMAKE_PREFIX_PATH=${prefix}")
run("building examples/extending" ${CMAKE_COMMAND} --build "${SCRATCH}/extending")
foreach(program IN ITEMS cell layer names)
  run("running examples/extending/${program}" ${CMAKE_COMMAND} -E chdir "${SCRATCH}/extending"
      "${SCRATCH}/extending/${program}")
  string(REGEX REPLACE "^.*\n" "" last_line "${run_output}")
  message(STATUS "extending/${program}: ${last_line}")
endforeach()

run("configuring a project that includes rondo" ${CMAKE_COMMAND} ${common} -B "${SCRATCH}/subdirectory"
    "-DRONDO_SUBDIRECTORY=${RONDO_DIR}")
message(STATUS "add_subdirectory: configured")

find_program(PKG_CONFIG pkg-config REQUIRED)
file(GLOB_RECURSE pc_file "${prefix}/rondo.pc")
cmake_path(GET pc_file PARENT_PATH pc_dir)
run("pkg-config" ${CMAKE_COMMAND} -E env "PKG_CONFIG_PATH=${pc_dir}" ${PKG_CONFIG} --cflags --libs --static rondo)
separate_arguments(flags UNIX_COMMAND "${FLAGS} ${run_output}")
run("building the consumer with pkg-config" ${COMPILER} -std=c++20 -O1 "${source}/main.cc" ${flags}
    -o "${SCRATCH}/consumer-pc")
run("running the consumer of pkg-config" ${CMAKE_COMMAND} -E env "LD_LIBRARY_PATH=${pc_dir}/.."
    "${SCRATCH}/consumer-pc")
message(STATUS "pkg-config: ${run_output}")
