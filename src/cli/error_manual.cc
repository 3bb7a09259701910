#include "cli/error_manual.h"

#include <string>

#include "base/text.h"

namespace gate::cli {

// Made by CMake from docs/errors.md.
extern const std::string_view kErrorManual;

std::string_view error_paragraph(std::string_view code) {
  const std::string heading = "### " + std::string(code);
  const auto start = kErrorManual.find(heading);
  if (start == std::string_view::npos) return {};
  const auto text = kErrorManual.substr(start + std::string_view("### ").size());
  auto end = text.find("\n#");
  if (end == std::string_view::npos) end = text.size();
  const auto last = text.find_last_not_of("\n ", end == 0 ? 0 : end - 1);
  return text.substr(0, last + 1);
}

}  // namespace gate::cli
