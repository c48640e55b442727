# Benchmarks are built on demand: cmake --build build --target benches. What needs a package that is not there is left out;
# tools/debian-packages-bench.txt lists them.
if(NOT TARGET rondo)
  return()
endif()

add_custom_target(benches)

# rondo_add_bench(<name> <further sources…>): bench/<name>.cc.
function(rondo_add_bench name)
  add_executable(bench_${name} EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/bench/${name}.cc")
  foreach(source IN LISTS ARGN)
    target_sources(bench_${name} PRIVATE "${PROJECT_SOURCE_DIR}/bench/${source}")
  endforeach()
  rondo_configure_target(bench_${name})
  set_target_properties(bench_${name} PROPERTIES
    OUTPUT_NAME ${name}
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
  target_include_directories(bench_${name} PRIVATE "${PROJECT_SOURCE_DIR}/src" "${RONDO_GENERATED_DIR}")
  target_link_libraries(bench_${name} PRIVATE rondo ${RONDO_HEADER_ONLY})
  add_dependencies(benches bench_${name})
endfunction()

rondo_add_bench(worker protocol.cc)
rondo_add_bench(fit_stock)

find_package(benchmark QUIET)
if(benchmark_FOUND)
  rondo_add_bench(kernels)
  target_link_libraries(bench_kernels PRIVATE benchmark::benchmark)
endif()

# Debian's CMake package of oneDNN asks for OpenCL, which nothing here needs.
find_path(RONDO_ONEDNN_INCLUDE_DIR oneapi/dnnl/dnnl.hpp)
find_library(RONDO_ONEDNN_LIBRARY dnnl)
mark_as_advanced(RONDO_ONEDNN_INCLUDE_DIR RONDO_ONEDNN_LIBRARY)
if(RONDO_ONEDNN_INCLUDE_DIR AND RONDO_ONEDNN_LIBRARY)
  rondo_add_bench(onednn_rnn protocol.cc)
  target_include_directories(bench_onednn_rnn SYSTEM PRIVATE "${RONDO_ONEDNN_INCLUDE_DIR}")
  target_link_libraries(bench_onednn_rnn PRIVATE "${RONDO_ONEDNN_LIBRARY}")
endif()

# Needs nothing to build: it opens the library of the Python package when it runs.
rondo_add_bench(onnxruntime protocol.cc)
target_link_libraries(bench_onnxruntime PRIVATE ${CMAKE_DL_LIBS})
