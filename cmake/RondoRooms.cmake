# One static library for each room of tools/rooms.txt, for tests that need only a part of the house, and one library
# of all of them for everybody else. A room without sources is an interface library.
set(RONDO_ROOMS "")
set(RONDO_OBJECTS "")

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tools/rooms.txt")
file(STRINGS "${PROJECT_SOURCE_DIR}/tools/rooms.txt" room_lines REGEX "^[a-z]+:")

foreach(line IN LISTS room_lines)
  string(REGEX MATCH "^[a-z]+" room "${line}")
  string(REGEX REPLACE "^[a-z]+: *" "" uses "${line}")
  separate_arguments(uses)
  list(TRANSFORM uses PREPEND rondo_)
  set(target rondo_${room})
  list(APPEND RONDO_ROOMS ${room})

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${room}/*.cc")
  if(room STREQUAL "kernels")  # most of them include themselves, once for every instruction set
    set(compiled ${sources} ${RONDO_CELL_SOURCES})
  else()
    rondo_batch_sources(compiled ${sources})
  endif()

  if(compiled)
    add_library(${target} STATIC ${compiled})
    rondo_configure_target(${target})
    target_link_libraries(${target} PUBLIC rondo_dependencies)
    list(APPEND RONDO_OBJECTS $<TARGET_OBJECTS:${target}>)
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope}
    "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src" "${RONDO_GENERATED_DIR}")
  target_link_libraries(${target} ${scope} ${uses})
endforeach()

file(GLOB_RECURSE RONDO_PUBLIC_HEADERS CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/rondo/*.h")

if(RONDO_OBJECTS)
  add_library(rondo ${RONDO_OBJECTS})
  add_library(rondo::rondo ALIAS rondo)
  target_sources(rondo PUBLIC FILE_SET HEADERS
                 BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${RONDO_PUBLIC_HEADERS})
  target_compile_features(rondo PUBLIC cxx_std_20)
  target_link_libraries(rondo PRIVATE Threads::Threads)
  # Whoever links an installed librondo needs no development package of these: it names the shared libraries themselves.
  foreach(library IN LISTS RONDO_LINKED)
    if(NOT library STREQUAL "Threads::Threads")
      rondo_runtime_library(runtime ${library})
      target_link_libraries(rondo PRIVATE $<BUILD_INTERFACE:${library}> $<INSTALL_INTERFACE:${runtime}>)
      list(APPEND RONDO_RUNTIME_LIBRARIES ${runtime})
    endif()
  endforeach()
  set_target_properties(rondo PROPERTIES
    LINKER_LANGUAGE CXX
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR})
endif()
