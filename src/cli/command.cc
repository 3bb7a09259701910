#include "cli/command.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace gate::cli {

int fail(const base::Error& error, const CommonOptions& options) {
  if (options.json) {
    const nlohmann::json text{{"error",
                               {{"code", base::to_string(error.code)},
                                {"side", base::to_string(error.side)},
                                {"what", error.what},
                                {"why", error.why},
                                {"fix", error.fix}}}};
    fmt::print(stdout, "{}\n", text.dump());
  } else {
    fmt::print(stderr, "{}\n", base::render(error));
  }
  return to_int(app::exit_of(error));
}

void add_common_options(Parser parser, CommonOptions& options, std::string_view examples) {
  parser.add_flag("--json", options.json, "Print JSON");
  parser.add_flag("--quiet,-q", options.quiet, "Print nothing when all is well");
  parser.footer(fmt::format("Examples:\n{}", examples));
}

bool wants_colour() {
  const char* no_colour = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0');
}

}  // namespace gate::cli
