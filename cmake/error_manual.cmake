# Compiles docs/errors.md into gate_cli, so that `gate443 explain` needs no file at run time.
set(manual ${CMAKE_SOURCE_DIR}/docs/errors.md)
set(generated ${CMAKE_BINARY_DIR}/generated/error_manual_text.cc)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manual})
file(READ ${manual} text)
file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT [==[
#include <string_view>

namespace gate::cli {

extern const std::string_view kErrorManual;
const std::string_view kErrorManual = R"=====(@text@)=====";

}  // namespace gate::cli
]==])
target_sources(gate_cli PRIVATE ${generated})
