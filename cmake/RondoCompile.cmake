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

# Sources that build messages, options, reports and files: nothing in them takes time at run time, but at -O3 they were half
# of the build. Floating-point results do not depend on the level (no -ffast-math, no contraction).
set(RONDO_COLD_SOURCES
  "/src/base/(json|toml|config_file|options|error|log|progress|atomic_file)"
  "/src/data/(leaks|events)/"
  "/src/tasks/(common|report|check|csv_training)/"
  "/src/tasks/forecast/(panel|report|ensemble|trained|output)/"
  "/src/train/diagnostics/"
  "/src/tasks/forecast/[^/]*$"
  "/apps/")

# Lists in `result` what is compiled for the sources given. Those of a folder are compiled as one file: what a file takes
# alone is mostly reading the standard library and making its templates. The presets dev and clang (with it, clang-tidy)
# compile every source by itself, so each still includes what it uses. In a folder no two sources may define the same
# name in an unnamed namespace.
option(RONDO_BATCH_SOURCES "Compile the sources of a folder as one file" ON)
function(rondo_batch_sources result)
  list(JOIN RONDO_COLD_SOURCES "|" cold_pattern)
  set(compiled "")
  set(batches "")
  foreach(source IN LISTS ARGN)
    cmake_path(RELATIVE_PATH source BASE_DIRECTORY "${PROJECT_SOURCE_DIR}" OUTPUT_VARIABLE path)
    cmake_path(GET path PARENT_PATH batch)
    string(REPLACE "/" "_" batch "${batch}")
    set(is_cold OFF)
    if(source MATCHES "${cold_pattern}")
      set(is_cold ON)
      string(APPEND batch "_cold")
    endif()
    if(NOT RONDO_BATCH_SOURCES)
      list(APPEND compiled "${source}")
      list(APPEND cold_${is_cold} "${source}")
      continue()
    endif()
    list(APPEND batches ${batch})
    string(APPEND includes_${batch} "#include \"${path}\"\n")
    set(is_cold_${batch} ${is_cold})
  endforeach()
  list(REMOVE_DUPLICATES batches)
  foreach(batch IN LISTS batches)
    set(file "${PROJECT_BINARY_DIR}/generated/batches/${batch}.cc")
    file(CONFIGURE OUTPUT "${file}" CONTENT "${includes_${batch}}" @ONLY)
    list(APPEND compiled "${file}")
    list(APPEND cold_${is_cold_${batch}} "${file}")
    set_property(SOURCE "${file}" APPEND PROPERTY INCLUDE_DIRECTORIES "${PROJECT_SOURCE_DIR}")
  endforeach()
  set_source_files_properties(${cold_ON} PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-O1>")
  set(${result} "${compiled}" PARENT_SCOPE)
endfunction()
