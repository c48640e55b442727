# A cell is one file of formulas, src/cells/<name>-inl.h. The build derives from it
#   generated/cells/<back end>/<name>.cc   the kernels of that cell (from src/kernels/cell_unit.cc.in): for every
#                                          instruction set (cpu) and in double (reference)
#   generated/cell_list.inc                one line RONDO_CELL(<name>) for each cell, in alphabetical order
# so that a new cell touches no list.
set(RONDO_GENERATED_DIR "${PROJECT_BINARY_DIR}/generated")
set(RONDO_CELL_TEMPLATE "${PROJECT_SOURCE_DIR}/src/kernels/cell_unit.cc.in")
set(RONDO_CELL_SOURCES "")
set(RONDO_CELL_LIST "")

file(GLOB RONDO_CELL_FILES CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/cells/*-inl.h")
file(GLOB RONDO_CELL_TEMPLATE_FOUND CONFIGURE_DEPENDS "${RONDO_CELL_TEMPLATE}")

foreach(cell_path IN LISTS RONDO_CELL_FILES)
  cmake_path(GET cell_path FILENAME cell_filename)
  string(REGEX REPLACE "-inl\\.h$" "" CELL_NAME "${cell_filename}")
  set(CELL_FILE "cells/${cell_filename}")   # the formulas, as the template includes them
  string(MAKE_C_IDENTIFIER "${CELL_NAME}" cell_identifier)
  if(NOT cell_identifier STREQUAL CELL_NAME)
    message(FATAL_ERROR "src/${CELL_FILE}: '${CELL_NAME}' is the name of a cell and has to be a C identifier; "
                        "rename the file, for example to ${cell_identifier}-inl.h")
  endif()
  string(APPEND RONDO_CELL_LIST "RONDO_CELL(${CELL_NAME})\n")
  if(RONDO_CELL_TEMPLATE_FOUND)
    foreach(CELL_BACK_END IN ITEMS cpu reference)
      set(cell_source "${RONDO_GENERATED_DIR}/cells/${CELL_BACK_END}/${CELL_NAME}.cc")
      configure_file("${RONDO_CELL_TEMPLATE}" "${cell_source}" @ONLY)
      list(APPEND RONDO_CELL_SOURCES "${cell_source}")
    endforeach()
  endif()
endforeach()

# Left untouched when nothing changed, so that a new configure rebuilds nothing.
file(CONFIGURE OUTPUT "${RONDO_GENERATED_DIR}/cell_list.inc" CONTENT "${RONDO_CELL_LIST}" @ONLY)
