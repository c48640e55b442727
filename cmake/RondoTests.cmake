find_package(GTest REQUIRED)
find_package(rapidcheck REQUIRED)
find_package(Python3 COMPONENTS Interpreter REQUIRED)

add_library(test_support STATIC "${PROJECT_SOURCE_DIR}/tests/support/source_folder.cc")
rondo_configure_program(test_support)
target_compile_definitions(test_support PRIVATE RONDO_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
target_include_directories(test_support PUBLIC "${PROJECT_SOURCE_DIR}/tests")

# Tests of vectors include themselves, once for every instruction set, or are compiled for one of them.
set(RONDO_VECTOR_TESTS "/tests/unit/kernels/cpu/")

# One executable of several test files, one entry of ctest.
function(rondo_add_test_program name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SOURCES;LINK")
  set(alone ${ARG_SOURCES})
  list(FILTER alone INCLUDE REGEX "${RONDO_VECTOR_TESTS}")
  list(FILTER ARG_SOURCES EXCLUDE REGEX "${RONDO_VECTOR_TESTS}")
  rondo_batch_sources(compiled ${ARG_SOURCES})
  add_executable(${name} ${compiled} ${alone})
  rondo_configure_program(${name})
  # What a test waits for is mostly the library; compiling the test itself costs more than running it. Those of the kernels
  # contain vector code of their own.
  if(NOT name STREQUAL "test_kernels")
    target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O0>)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  target_link_libraries(${name} PRIVATE
    ${ARG_LINK} rondo_dependencies test_support rapidcheck GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
endfunction()

# Rooms to the right of it that the tests of a room use: layers are tried in networks.
set(RONDO_TESTS_USE_tape rondo_model)
set(RONDO_TESTS_USE_layers rondo_train)

foreach(room IN LISTS RONDO_ROOMS)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/unit/${room}/*_test.cc")
  if(sources)
    rondo_add_test_program(test_${room} SOURCES ${sources} LINK rondo_${room} ${RONDO_TESTS_USE_${room}})
  endif()
endforeach()

# Suites across rooms.
foreach(suite conformance golden allocation realtime)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${suite}/*.cc")
  if(sources)
    rondo_add_test_program(test_${suite} SOURCES ${sources} LINK rondo_train rondo_formats)
  endif()
endforeach()

# Damaged files for every reader: `make fuzz` makes new ones, here those that are kept are read again.
add_executable(fuzz tests/fuzz/fuzz.cc tests/fuzz/memory.cc tests/fuzz/targets.cc)
rondo_configure_program(fuzz)
target_compile_options(fuzz PRIVATE $<$<CONFIG:Release>:-O0>)
set_target_properties(fuzz PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
target_link_libraries(fuzz PRIVATE rondo_tasks rondo_dependencies test_support)
add_test(NAME fuzz_corpus COMMAND fuzz replay "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus"
         WORKING_DIRECTORY "${PROJECT_BINARY_DIR}/tests")

# Calls of the system that fail. Sanitizers bring an allocator of their own.
if(TARGET rondo_cli AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  add_library(fail_nth MODULE tests/faults/fail_nth.cc)
  rondo_configure_program(fail_nth)
  set_target_properties(fail_nth PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  target_link_libraries(fail_nth PRIVATE ${CMAKE_DL_LIBS})
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/tests/faults")
  add_test(NAME faults
           COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/tests/faults/faults.py" $<TARGET_FILE:rondo_cli>
                   $<TARGET_FILE:fail_nth>
           WORKING_DIRECTORY "${PROJECT_BINARY_DIR}/tests/faults")
endif()

# The command line. Each script gets the binary in $RONDO and a folder of its own; files that begin with an underscore
# are for the scripts to read.
if(TARGET rondo_cli)
  file(GLOB scripts CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/cli/*.sh")
  foreach(script IN LISTS scripts)
    cmake_path(GET script STEM stem)
    if(stem MATCHES "^_")
      continue()
    endif()
    set(scratch "${PROJECT_BINARY_DIR}/tests/cli/${stem}")
    file(MAKE_DIRECTORY "${scratch}")
    add_test(NAME cli_${stem} COMMAND bash "${script}" WORKING_DIRECTORY "${scratch}")
    set_tests_properties(cli_${stem} PROPERTIES
      LABELS cli
      SKIP_RETURN_CODE 77
      ENVIRONMENT "RONDO=$<TARGET_FILE:rondo_cli>;RONDO_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
  endforeach()
endif()

# The rules of the house, and whether the script that checks them can fail.
add_test(NAME include_order
         COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/tools/check_includes.py")
add_test(NAME include_order_can_fail
         COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/tests/tools/check_includes_test.py")
add_test(NAME test_tools
         COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/tests/tools/test_tools_test.py")
add_test(NAME quality_files
         COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/tests/tools/quality_test.py")
add_test(NAME headers_alone
         COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/tools/check_headers.py"
                 --compiler "${CMAKE_CXX_COMPILER}")

# The three ways in which somebody else's project gets the library.
if(RONDO_INSTALL AND TARGET rondo)
  add_test(NAME consumer
    COMMAND ${CMAKE_COMMAND}
            -D "BUILD_DIR=${PROJECT_BINARY_DIR}"
            -D "RONDO_DIR=${PROJECT_SOURCE_DIR}"
            -D "SCRATCH=${PROJECT_BINARY_DIR}/tests/consumer"
            -D "GENERATOR=${CMAKE_GENERATOR}"
            -D "COMPILER=${CMAKE_CXX_COMPILER}"
            -D "FLAGS=${CMAKE_CXX_FLAGS}"
            -P "${PROJECT_SOURCE_DIR}/tests/consumer/check.cmake")
endif()
