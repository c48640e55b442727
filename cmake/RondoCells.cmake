# A cell is one file of formulas, src/cells/<name>-inl.h. The build derives from it
#   generated/cells/<back end>/<name>.cc   the kernels of that cell (from src/kernels/cell_unit.cc.in): for every
#                                          instruction set (cpu) and in double (reference)
#   generated/cell_list.inc                one line RONDO_CELL(<name>) for each cell, in alphabetical order
# so that a new cell touches no list.
include(rondo_add_cells)  # rondo_cell_units(), and what projects that include this one call for cells of their own
set(RONDO_GENERATED_DIR "${PROJECT_BINARY_DIR}/generated")
set(RONDO_CELL_SOURCES "")
set(RONDO_CELL_LIST "")

file(GLOB RONDO_CELL_FILES CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/cells/*-inl.h")
foreach(cell_path IN LISTS RONDO_CELL_FILES)
  cmake_path(GET cell_path FILENAME cell_filename)
  rondo_cell_units(RONDO_CELL_SOURCES "cells/${cell_filename}" "${RONDO_GENERATED_DIR}/cells")
  string(REGEX REPLACE "-inl\\.h$" "" cell_name "${cell_filename}")
  string(APPEND RONDO_CELL_LIST "RONDO_CELL(${cell_name})\n")
endforeach()

# Left untouched when nothing changed, so that a new configure rebuilds nothing.
file(CONFIGURE OUTPUT "${RONDO_GENERATED_DIR}/cell_list.inc" CONTENT "${RONDO_CELL_LIST}" @ONLY)
