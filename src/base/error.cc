#include "base/error.h"

#include <fmt/format.h>

namespace gate::base {

std::string to_string(ErrorCode code) { return fmt::format("G{:04}", code.number); }

std::string_view to_string(Side side) {
  switch (side) {
    case Side::kClient: return "client";
    case Side::kUpstream: return "upstream";
    case Side::kSelf: return "self";
    case Side::kConfiguration: return "configuration";
    case Side::kSystem: return "system";
  }
  return "unknown";
}

std::string render(const Error& error) {
  std::string text = fmt::format("error {}: {}", to_string(error.code), error.what);
  if (!error.why.empty()) text += fmt::format("\n  why:  {}", error.why);
  if (!error.fix.empty()) text += fmt::format("\n  fix:  {}", error.fix);
  return text;
}

}  // namespace gate::base
