# Headers that most files include, compiled once a build: a fifth of the compiler's time of a source, a third of a
# test's. What a file uses it includes all the same, which the second compiler proves: its presets have none of this.

# With optimisation, g++ 12 warns of what it inlines from precompiled headers as if they were not the system's.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(CMAKE_DISABLE_PRECOMPILE_HEADERS ON)
endif()

# The flags must be those of who uses them: libraries are compiled with -fPIC, executables with -fPIE.
function(gate_precompile name pie)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${name}.cc CONTENT "")
  add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/${name}.cc)
  target_link_libraries(${name} PRIVATE gate_options)
  target_precompile_headers(${name} PRIVATE ${ARGN})
  if(pie)
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${name} PRIVATE -fPIE)
  endif()
endfunction()

set(headers <algorithm> <array> <chrono> <expected> <functional> <map> <memory> <optional> <span> <string> <string_view>
            <unordered_map> <utility> <variant> <vector> <fmt/format.h>)
gate_precompile(gate_headers OFF ${headers})
if(GATE_BUILD_TESTS)
  gate_precompile(gate_test_headers ON ${headers} <gmock/gmock.h> <gtest/gtest.h>)
  target_link_libraries(gate_test_headers PRIVATE GTest::gmock)
endif()
