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
