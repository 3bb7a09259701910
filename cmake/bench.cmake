# The benchmark's programs: built by the target "bench" alone.
#   bench/<name>.cc → bench_<name>;  bench/gateload/*.cc → gateload;  bench/echo/*.cc → echo_server

add_custom_target(bench)

function(gate_add_bench_program name)
  gate_add_program(${name} ${ARGN})
  set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
  add_dependencies(bench ${name})
endfunction()

find_package(benchmark QUIET)
file(GLOB primitives CONFIGURE_DEPENDS bench/*.cc)
if(benchmark_FOUND)
  foreach(source IN LISTS primitives)
    get_filename_component(name ${source} NAME_WE)
    gate_add_bench_program(bench_${name} ${source})
    target_link_libraries(bench_${name} PRIVATE benchmark::benchmark)
  endforeach()
elseif(primitives)
  message(STATUS "Google Benchmark is missing, so bench_* cannot be built: ./dev setup bench")
endif()

file(GLOB gateload CONFIGURE_DEPENDS bench/gateload/*.cc)
if(gateload)
  gate_add_bench_program(gateload ${gateload})
  target_link_libraries(gateload PRIVATE gate_outside_nghttp2 gate_outside_awslc)
endif()

file(GLOB echo CONFIGURE_DEPENDS bench/echo/*.cc)
if(echo)
  gate_add_bench_program(echo_server ${echo})
endif()
