# The benchmark's programs: built by the target "bench" alone.
#   bench/<name>.cc → bench_<name>;  bench/gateload/*.cc → gateload;  bench/h3load/*.cc → h3load
#   bench/echo/*.cc → echo_server;  bench/limits/*.cc → limits
#   bench/handshake/gate.cc → handshake_gate;  bench/handshake/openssl.cc → handshake_openssl
#   bench/bars/*.cc → request_cost
# The target "bars" has those of them that tests/bars needs.

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
endif()

file(GLOB h3load CONFIGURE_DEPENDS bench/h3load/*.cc)
if(h3load)
  gate_add_bench_program(h3load ${h3load})
  target_link_libraries(h3load PRIVATE gate_outside_nghttp3 gate_outside_ngtcp2 gate_outside_awslc)
endif()

file(GLOB echo CONFIGURE_DEPENDS bench/echo/*.cc)
if(echo)
  gate_add_bench_program(echo_server ${echo})
endif()

file(GLOB limits CONFIGURE_DEPENDS bench/limits/*.cc)
if(limits)
  gate_add_bench_program(limits ${limits})
  target_link_libraries(limits PRIVATE gate_outside_awslc)
endif()

# The second is the system's OpenSSL, in a program of its own: it must see no header and no symbol of AWS-LC.
if(EXISTS ${CMAKE_SOURCE_DIR}/bench/handshake/gate.cc)
  gate_add_bench_program(handshake_gate bench/handshake/gate.cc)
  if(EXISTS /usr/include/openssl/ssl.h)
    gate_add_bench_program(handshake_openssl bench/handshake/openssl.cc)
    target_link_libraries(handshake_openssl PRIVATE ssl crypto)
  else()
    message(STATUS "The system's OpenSSL has no headers, so handshake_openssl cannot be built: install libssl-dev")
  endif()
endif()

file(GLOB request_cost CONFIGURE_DEPENDS bench/bars/*.cc)
if(request_cost)
  gate_add_bench_program(request_cost ${request_cost})
endif()

add_custom_target(bars DEPENDS request_cost gateload handshake_gate)
if(TARGET handshake_openssl)
  add_dependencies(bars handshake_openssl)
endif()
