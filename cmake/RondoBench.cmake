# Benchmarks are built on demand: cmake --build build --target benches. What needs a package that is not there is left out;
# tools/debian-packages-bench.txt lists them.
if(NOT TARGET rondo)
  return()
endif()

add_custom_target(benches)

# rondo_add_bench(<name> [SOURCE <file>] [further sources…]): bench/<name>.cc, or SOURCE, as build/bench/<name>.
function(rondo_add_bench name)
  cmake_parse_arguments(ARG "" "SOURCE" "" ${ARGN})
  if(NOT ARG_SOURCE)
    set(ARG_SOURCE ${name}.cc)
  endif()
  list(TRANSFORM ARG_UNPARSED_ARGUMENTS PREPEND "${PROJECT_SOURCE_DIR}/bench/")
  add_executable(bench_${name} EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/bench/${ARG_SOURCE}" ${ARG_UNPARSED_ARGUMENTS})
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
rondo_add_bench(physionet2012 SOURCE quality/physionet2012.cc)
rondo_add_bench(business SOURCE quality/business.cc)

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

# RTNeural is in no package registry: give the folder of its source to measure it too.
set(RONDO_RTNEURAL_DIR "" CACHE PATH "Source of RTNeural, for the benchmark")
if(RONDO_RTNEURAL_DIR)
  foreach(back_end IN ITEMS eigen xsimd)
    string(TOUPPER ${back_end} back_end_upper)
    rondo_add_bench(rtneural_${back_end} SOURCE rtneural.cc protocol.cc)
    target_include_directories(bench_rtneural_${back_end} SYSTEM PRIVATE
      "${RONDO_RTNEURAL_DIR}" "${RONDO_RTNEURAL_DIR}/modules/json" "${RONDO_RTNEURAL_DIR}/modules/xsimd/include")
    # As its users build it: for the machine at hand.
    target_compile_options(bench_rtneural_${back_end} PRIVATE -march=native -ffp-contract=fast -Wno-error)
    target_compile_definitions(bench_rtneural_${back_end} PRIVATE
      RTNEURAL_DEFAULT_ALIGNMENT=32 RTNEURAL_USE_${back_end_upper}=1 RTNEURAL_BACK_END="${back_end}")
  endforeach()
endif()
