# Recurrent cells of one's own. Part of the installed package; in a build that includes rondo as a folder the function is
# there as well. CONTRIBUTING.md of rondo, "How to add a cell", explains the file of formulas.
#
#   rondo_add_cells(<target> <name>-inl.h …)
#
# compiles each file of formulas into <target>, once for every instruction set and once in double, and writes the header
# <target>_cells.h with
#
#   void register_<target>_cells();
#
# After that call the cells are types of layers, as those of rondo are: in recurrent("<name>", {…}), in specs and model
# files, in training, streams and rondo::testing. Needs Highway's headers (Debian: libhwy-dev) and links rondo::rondo.

# Where the sources of kernels lie: beside this file when installed, in src/ otherwise.
function(rondo_cell_source_dir result)
  if(EXISTS "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/cell_sources")
    set(${result} "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/cell_sources" PARENT_SCOPE)
  else()
    cmake_path(SET folder NORMALIZE "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../src")
    set(${result} "${folder}" PARENT_SCOPE)
  endif()
endfunction()

# Writes the translation units of one file of formulas to `folder` and appends them to the list `units`. `file` is the path
# as the units include it.
function(rondo_cell_units units file folder)
  cmake_path(GET file FILENAME filename)
  if(NOT filename MATCHES "-inl\\.h$")
    message(FATAL_ERROR "${file}: a file of formulas is called <name of the cell>-inl.h")
  endif()
  string(REGEX REPLACE "-inl\\.h$" "" CELL_NAME "${filename}")
  set(CELL_FILE "${file}")
  rondo_cell_source_dir(sources)
  string(MAKE_C_IDENTIFIER "${CELL_NAME}" identifier)
  if(NOT identifier STREQUAL CELL_NAME)
    message(FATAL_ERROR "${file}: '${CELL_NAME}' is the name of a cell and has to be a C identifier; "
                        "rename the file, for example to ${identifier}-inl.h")
  endif()
  foreach(CELL_BACK_END IN ITEMS cpu reference)
    set(unit "${folder}/${CELL_BACK_END}/${CELL_NAME}.cc")
    configure_file("${sources}/kernels/cell_unit.cc.in" "${unit}" @ONLY)
    list(APPEND ${units} "${unit}")
  endforeach()
  set(${units} "${${units}}" PARENT_SCOPE)
endfunction()

function(rondo_add_cells target)
  if(NOT TARGET ${target} OR NOT ARGN)
    message(FATAL_ERROR "rondo_add_cells: seen '${target};${ARGN}'; expected a target that exists and files <name>-inl.h")
  endif()
  find_package(hwy CONFIG REQUIRED)
  rondo_cell_source_dir(sources)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/${target}_cells")
  set(units "")
  set(declarations "")
  set(calls "")
  foreach(file IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    if(NOT EXISTS "${file}")
      message(FATAL_ERROR "rondo_add_cells: there is no file ${file}")
    endif()
    rondo_cell_units(units "${file}" "${folder}")
    set_property(SOURCE ${units} APPEND PROPERTY OBJECT_DEPENDS "${file}")
    cmake_path(GET file FILENAME name)
    string(REGEX REPLACE "-inl\\.h$" "" name "${name}")
    string(APPEND declarations "std::span<const CellKernels> cell_family_${name}();\n"
                               "std::span<const CellFormulas<double>> cell_reference_${name}();\n")
    string(APPEND calls "  rondo::register_cells(rondo::kernels::cell_family_${name}(),\n"
                        "                         rondo::kernels::cell_reference_${name}());\n")
  endforeach()

  string(MAKE_C_IDENTIFIER "${target}" identifier)
  file(CONFIGURE OUTPUT "${folder}/include/${target}_cells.h" @ONLY CONTENT
"// Written by rondo_add_cells(): do not edit.
#pragma once

/// Makes the cells of this target known to rondo. Calling it again changes nothing.
void register_${identifier}_cells();
")
  file(CONFIGURE OUTPUT "${folder}/register.cc" @ONLY CONTENT
"// Written by rondo_add_cells(): do not edit.
#include \"${target}_cells.h\"

#include \"layers/recurrent/register_cells.h\"

namespace rondo::kernels {
${declarations}}

void register_${identifier}_cells() {
${calls}}
")
  # As rondo's own: the same bits from every instruction set, products fused only where the source says so.
  set_property(SOURCE ${units} APPEND PROPERTY COMPILE_OPTIONS
    -O3 -ffp-contract=off -fno-math-errno
    "$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-maybe-uninitialized;-Wno-array-bounds>")
  set_property(SOURCE ${units} "${folder}/register.cc" APPEND PROPERTY INCLUDE_DIRECTORIES "${sources}")
  target_sources(${target} PRIVATE ${units} "${folder}/register.cc")
  target_include_directories(${target} PUBLIC "$<BUILD_INTERFACE:${folder}/include>")
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_link_libraries(${target} PRIVATE rondo::rondo hwy::hwy)
endfunction()
