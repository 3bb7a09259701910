# Compiler and linker flags of every target of ours, carried by gate_options.

add_library(gate_options INTERFACE)
target_compile_features(gate_options INTERFACE cxx_std_23)
target_include_directories(gate_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(gate_options INTERFACE gate_outside_fmt Threads::Threads)
target_compile_definitions(gate_options INTERFACE GATE_VERSION="${PROJECT_VERSION}")

# -Wsign-conversion is left out: with the standard library's signed differences it makes casts, not safety.
target_compile_options(
  gate_options
  INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast
            -Wcast-align -Woverloaded-virtual -Wdouble-promotion -Wformat=2 -Wimplicit-fallthrough -Wextra-semi -Wundef
            -Wsuggest-override)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12 uses its own deprecated get_temporary_buffer inside std::stable_sort, and clang says so at our call.
  target_compile_options(gate_options INTERFACE -Wno-deprecated-declarations)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 sees overlaps in inlined std::string appends that are not there (GCC bug 105329).
  target_compile_options(gate_options INTERFACE -Wno-restrict)
endif()
if(GATE_WERROR)
  target_compile_options(gate_options INTERFACE -Werror)
endif()

# Hardening, as Debian builds its own packages.
target_compile_options(gate_options INTERFACE -fstack-protector-strong)
target_compile_definitions(gate_options INTERFACE _GLIBCXX_ASSERTIONS)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(gate_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-clash-protection)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    target_compile_options(gate_options INTERFACE -fcf-protection)
  endif()
  target_link_options(gate_options INTERFACE LINKER:-z,relro,-z,now)
endif()

# GATE_SANITIZE: a comma list as -fsanitize takes it, set by the presets.
if(GATE_SANITIZE)
  target_compile_options(gate_options INTERFACE -fsanitize=${GATE_SANITIZE} -fno-omit-frame-pointer
                                                -fno-sanitize-recover=all)
  string(REPLACE "fuzzer-no-link," "" link_sanitize "${GATE_SANITIZE}")
  target_link_options(gate_options INTERFACE -fsanitize=${link_sanitize})
endif()

find_program(GATE_CCACHE ccache)
if(GATE_CCACHE)
  # Without the first two, ccache does not look at what uses precompiled headers.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${GATE_CCACHE})
endif()

# The sanitizers' runtimes come with clang; lld is their tested companion. mold is fastest for the rest.
find_program(GATE_MOLD mold)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  find_program(GATE_LLD NAMES ld.lld-19 ld.lld)
  if(GATE_LLD)
    target_link_options(gate_options INTERFACE --ld-path=${GATE_LLD})
  endif()
elseif(GATE_MOLD)
  target_link_options(gate_options INTERFACE -fuse-ld=mold)
endif()
