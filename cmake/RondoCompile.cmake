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

# Precompiled standard headers: a third of the time of a file that uses them is reading them. The kernels go without:
# there it is the compiler's work on vectors that takes the time. Every source still includes what it uses: the presets
# dev and clang build without (CMAKE_DISABLE_PRECOMPILE_HEADERS), and so does clang-tidy.
function(rondo_precompile target)
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)  # ccache reads it
  if(ARGN)
    target_precompile_headers(${target} PRIVATE ${ARGN})
    set_property(GLOBAL PROPERTY RONDO_PRECOMPILED ${target})
  else()
    get_property(first GLOBAL PROPERTY RONDO_PRECOMPILED)
    target_precompile_headers(${target} REUSE_FROM ${first})
  endif()
endfunction()
set(RONDO_STANDARD_HEADERS
  <algorithm> <array> <cmath> <cstdint> <functional> <map> <memory> <optional> <span> <string> <string_view> <utility>
  <vector>)
