# Every file of examples/ is a program of its own, and a test: it has to end with success.
if(NOT TARGET rondo)
  return()
endif()

file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/*.cc")
foreach(source IN LISTS sources)
  cmake_path(GET source STEM stem)
  add_executable(example_${stem} "${source}")
  rondo_configure_program(example_${stem})
  set_target_properties(example_${stem} PROPERTIES
    OUTPUT_NAME ${stem}
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/examples")
  target_link_libraries(example_${stem} PRIVATE rondo::rondo)
  if(RONDO_BUILD_TESTS)
    add_test(NAME example_${stem} COMMAND example_${stem} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_tests_properties(example_${stem} PROPERTIES LABELS example)
  endif()
endforeach()

# Reads gzip files itself.
if(TARGET example_05_digits)
  target_link_libraries(example_05_digits PRIVATE ZLIB::ZLIB)
endif()

# Recipes for the command line, with small budgets.
if(TARGET rondo_cli AND RONDO_BUILD_TESTS)
  foreach(recipe IN ITEMS stock weather electricity)
    add_test(NAME recipe_${recipe}
      COMMAND "${PROJECT_SOURCE_DIR}/examples/forecast/${recipe}.sh" $<TARGET_FILE:rondo_cli>)
    set_tests_properties(recipe_${recipe} PROPERTIES LABELS example ENVIRONMENT "EPOCHS=1")
  endforeach()
endif()
