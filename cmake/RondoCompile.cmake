# Flags of our own targets. They are properties of targets, never of the directory, so that a project that includes
# this one keeps its own.
function(rondo_configure_target target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic
    $<$<BOOL:${RONDO_WERROR}>:-Werror>
    # The same bits from every compiler and every template instantiation: products are fused only where the source
    # says so.
    -ffp-contract=off
    -fno-math-errno
    # Position-independent code without its price.
    -fno-semantic-interposition
    # Warnings that gcc 12 raises after inlining, falsely, inside its own std::string, std::variant and vectorised
    # loops. The sanitizer builds and clang look for the real ones.
    "$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-maybe-uninitialized;-Wno-stringop-overflow;-Wno-stringop-overread>"
    "$<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds>")
endfunction()

# Tests and examples need to build fast more than to run fast; the library under them keeps its own flags.
function(rondo_configure_program target)
  rondo_configure_target(${target})
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# Precompiled headers: a third of the time of a file that uses the standard library, and half of a test's, is reading them.
# The first target of a `group` makes them of the headers named, the others take its. Every source still includes what it
# uses: the presets dev and clang, and clang-tidy with them, do without (CMAKE_DISABLE_PRECOMPILE_HEADERS).
function(rondo_precompile target group)
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)  # ccache reads it
  get_property(first GLOBAL PROPERTY RONDO_PRECOMPILED_${group})
  if(first)
    target_precompile_headers(${target} REUSE_FROM ${first})
  else()
    target_precompile_headers(${target} PRIVATE ${ARGN})
    # Packages that headers may come from count by the time of their last change.
    file(TIMESTAMP /var/lib/dpkg/status packages)
    string(SHA256 checksum
           "${ARGN} ${CMAKE_CXX_COMPILER} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_BUILD_TYPE} ${CMAKE_CXX_FLAGS} ${packages}")
    file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${target}.dir/cmake_pch.hxx.gch.sum" "${checksum}\n")
    set_property(GLOBAL PROPERTY RONDO_PRECOMPILED_${group} ${target})
  endif()
endfunction()
set(RONDO_STANDARD_HEADERS
  <algorithm> <array> <cmath> <cstdint> <functional> <map> <memory> <optional> <span> <string> <string_view> <utility>
  <vector>)

# Sources that build messages, options, reports and files: nothing in them takes time at run time, but at -O3 they were half
# of the build. Floating-point results do not depend on the level (no -ffast-math, no contraction).
set(RONDO_COLD_SOURCES
  "/src/base/(json|toml|config_file|options|error|log|progress|atomic_file)"
  "/src/data/(leaks|events)/"
  "/src/tasks/(common|report|check|csv_training)/"
  "/src/tasks/forecast/(panel|search|trained|output)/"
  "/src/tasks/forecast/[^/]*$"
  "/apps/")
function(rondo_build_cold_sources_fast)
  list(JOIN RONDO_COLD_SOURCES "|" pattern)
  set(cold ${ARGN})
  list(FILTER cold INCLUDE REGEX "${pattern}")
  set_source_files_properties(${cold} PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-O1>")
endfunction()
