# Every library stays behind the .cc files of one room; none shows in a public header.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(hwy CONFIG REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(date REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)

# libcsv ships neither a CMake package nor a .pc file; its header has a name that anybody could use.
find_path(RONDO_CSV_INCLUDE_DIR csv.h REQUIRED)
find_library(RONDO_CSV_LIBRARY csv REQUIRED)
mark_as_advanced(RONDO_CSV_INCLUDE_DIR RONDO_CSV_LIBRARY)

# What the library is linked with.
set(RONDO_LINKED Threads::Threads fmt::fmt tomlplusplus::tomlplusplus hwy::hwy csv date::date-tz ZLIB::ZLIB)
# Header-only: seen while compiling, absent from the installed package.
set(RONDO_HEADER_ONLY nlohmann_json::nlohmann_json Eigen3::Eigen)

add_library(rondo_dependencies INTERFACE)
target_link_libraries(rondo_dependencies INTERFACE ${RONDO_LINKED} ${RONDO_HEADER_ONLY})

# How a linker is told of a library without the files of its development package: "-l:libfmt.so.9", by the name under which
# the dynamic linker looks for it; of a static library its path.
function(rondo_runtime_library result library)
  set(file "")
  if(TARGET ${library})
    get_target_property(aliased ${library} ALIASED_TARGET)
    if(aliased)
      set(library ${aliased})
    endif()
    foreach(property IN ITEMS IMPORTED_LOCATION IMPORTED_LOCATION_RELEASE IMPORTED_LOCATION_NONE
                              IMPORTED_LOCATION_RELWITHDEBINFO)
      get_target_property(location ${library} ${property})
      if(location)
        set(file "${location}")
        break()
      endif()
    endforeach()
  elseif(library STREQUAL "csv")
    set(file "${RONDO_CSV_LIBRARY}")
  endif()
  if(NOT file)
    message(FATAL_ERROR "the library file of ${library} is not known, and the package needs it")
  endif()
  set(option "${file}")
  if(CMAKE_OBJDUMP AND file MATCHES "\\.so")
    execute_process(COMMAND "${CMAKE_OBJDUMP}" -p "${file}" OUTPUT_VARIABLE headers ERROR_QUIET)
    if(headers MATCHES "SONAME +([^\n]+)")
      set(option "-l:${CMAKE_MATCH_1}")
    endif()
  endif()
  set(${result} "${option}" PARENT_SCOPE)
endfunction()
