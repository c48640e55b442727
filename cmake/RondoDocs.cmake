# The guide for C++: docs/cpp/<page>.md is explained by the program docs/cpp/<page>.cc, which is built and run as a test; every
# piece of code on a page has to stand in its program (tests/tools/docs_test.py).
if(NOT TARGET rondo OR NOT RONDO_BUILD_TESTS)
  return()
endif()

file(GLOB pages CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/docs/cpp/*.cc")
foreach(page IN LISTS pages)
  cmake_path(GET page STEM stem)
  add_executable(docs_${stem} "${page}")
  rondo_configure_program(docs_${stem})
  set_target_properties(docs_${stem} PROPERTIES
    OUTPUT_NAME ${stem}
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/docs")
  target_link_libraries(docs_${stem} PRIVATE rondo::rondo)
  add_test(NAME docs_${stem} COMMAND docs_${stem} WORKING_DIRECTORY "${PROJECT_BINARY_DIR}/docs")
  set_tests_properties(docs_${stem} PROPERTIES LABELS example)
endforeach()
add_test(NAME docs_code
         COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/tests/tools/docs_test.py")
