#include "cli/confirm.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

#include "base/text.h"
#include "cli/codes.h"

namespace gate::cli {

base::Result<bool> ask_to_confirm(std::string_view question) {
  if (isatty(STDIN_FILENO) != 1) {
    return base::fail({.code = kNotConfirmed,
                       .side = base::Side::kConfiguration,
                       .what = "this cannot be taken back, and nobody is here to confirm it",
                       .why = "standard input is no terminal",
                       .fix = "say --yes if it is meant"});
  }
  fmt::print(stderr, "{} [y/N] ", question);
  std::array<char, 16> line{};
  if (std::fgets(line.data(), static_cast<int>(line.size()), stdin) == nullptr) return false;
  const std::string_view typed(line.data());
  const std::string answer = base::lowered(base::trimmed(typed.substr(0, typed.find('\n'))));
  return answer == "y" || answer == "yes";
}

}  // namespace gate::cli
