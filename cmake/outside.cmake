# The libraries from outside, each as gate_outside_<name>. A folder gets one by naming it in tools/layers.txt.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# A static archive where the distribution has one, so that the program runs where it is copied to.
function(gate_outside_archive name header)
  add_library(gate_outside_${name} INTERFACE)
  find_path(GATE_${name}_INCLUDE ${header} REQUIRED)
  foreach(library IN LISTS ARGN)
    find_library(GATE_${name}_${library} NAMES lib${library}.a ${library} REQUIRED)
    target_link_libraries(gate_outside_${name} INTERFACE ${GATE_${name}_${library}})
    mark_as_advanced(GATE_${name}_${library})
  endforeach()
  mark_as_advanced(GATE_${name}_INCLUDE)
endfunction()

gate_outside_archive(nghttp2 nghttp2/nghttp2.h nghttp2)
gate_outside_archive(cares ares.h cares)
gate_outside_archive(zlib zlib.h z)
gate_outside_archive(brotli brotli/encode.h brotlienc brotlidec brotlicommon)
gate_outside_archive(zstd zstd.h zstd)

find_package(fmt REQUIRED)
add_library(gate_outside_fmt INTERFACE)
target_link_libraries(gate_outside_fmt INTERFACE fmt::fmt)

find_package(CLI11 REQUIRED)
add_library(gate_outside_cli11 INTERFACE)
target_link_libraries(gate_outside_cli11 INTERFACE CLI11::CLI11)

find_package(nlohmann_json REQUIRED)
add_library(gate_outside_json INTERFACE)
target_link_libraries(gate_outside_json INTERFACE nlohmann_json::nlohmann_json)

# AWS-LC has OpenSSL's header and library names, so it is searched by explicit prefix only and recognised by a macro of
# its own: the system's OpenSSL must never be picked up in its place.
function(gate_find_awslc)
  execute_process(COMMAND ${CMAKE_SOURCE_DIR}/tools/dev/awslc.sh --prefix OUTPUT_VARIABLE private
                  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(from_environment "$ENV{CMAKE_PREFIX_PATH}")
  string(REPLACE ":" ";" from_environment "${from_environment}")
  foreach(prefix IN LISTS CMAKE_PREFIX_PATH from_environment ITEMS ${private})
    set(marker "")
    if(EXISTS ${prefix}/include/openssl/base.h AND EXISTS ${prefix}/lib/libssl.a AND EXISTS ${prefix}/lib/libcrypto.a)
      file(STRINGS ${prefix}/include/openssl/base.h marker REGEX "define OPENSSL_IS_AWSLC")
    endif()
    if(marker)
      message(STATUS "AWS-LC: ${prefix}")
      add_library(gate_outside_awslc INTERFACE)
      target_include_directories(gate_outside_awslc SYSTEM INTERFACE ${prefix}/include)
      target_link_libraries(gate_outside_awslc INTERFACE ${prefix}/lib/libssl.a ${prefix}/lib/libcrypto.a
                                                         Threads::Threads)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "AWS-LC was found neither under CMAKE_PREFIX_PATH nor in ${private}. Run ./dev setup serve.")
endfunction()
gate_find_awslc()

# ngtcp2 and nghttp3, from the prefix of tools/dev/quic.sh unless a newer build is named in CMAKE_PREFIX_PATH.
function(gate_find_quic)
  execute_process(COMMAND ${CMAKE_SOURCE_DIR}/tools/dev/quic.sh --prefix OUTPUT_VARIABLE private
                  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  foreach(name ngtcp2 nghttp3)
    add_library(gate_outside_${name} INTERFACE)
    find_path(GATE_${name}_INCLUDE ${name}/${name}.h HINTS ${private}/include NO_CMAKE_SYSTEM_PATH)
    find_library(GATE_${name}_ARCHIVE lib${name}.a HINTS ${private}/lib NO_CMAKE_SYSTEM_PATH)
    if(NOT GATE_${name}_INCLUDE OR NOT GATE_${name}_ARCHIVE)
      message(FATAL_ERROR "${name} was found neither under CMAKE_PREFIX_PATH nor in ${private}. Run ./dev setup serve.")
    endif()
    target_include_directories(gate_outside_${name} SYSTEM INTERFACE ${GATE_${name}_INCLUDE})
    target_link_libraries(gate_outside_${name} INTERFACE ${GATE_${name}_ARCHIVE})
    mark_as_advanced(GATE_${name}_INCLUDE GATE_${name}_ARCHIVE)
  endforeach()
endfunction()
gate_find_quic()
