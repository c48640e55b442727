# Benchmarks are built on demand: cmake --build build --target benches.
file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/*.cc")
if(NOT sources OR NOT TARGET rondo)
  return()
endif()

find_package(benchmark REQUIRED)
add_custom_target(benches)
foreach(source IN LISTS sources)
  cmake_path(GET source STEM stem)
  add_executable(bench_${stem} EXCLUDE_FROM_ALL "${source}")
  rondo_configure_target(bench_${stem})
  set_target_properties(bench_${stem} PROPERTIES
    OUTPUT_NAME ${stem}
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
  target_include_directories(bench_${stem} PRIVATE "${PROJECT_SOURCE_DIR}/src" "${RONDO_GENERATED_DIR}")
  target_link_libraries(bench_${stem} PRIVATE rondo ${RONDO_HEADER_ONLY} benchmark::benchmark)
  add_dependencies(benches bench_${stem})
endforeach()
