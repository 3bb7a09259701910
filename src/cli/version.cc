#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

#include "app/about.h"
#include "cli/commands.h"

namespace gate::cli {

Command add_version(Parser program) {
  const Parser parser = program.add_subcommand("version", "Print the version and what it is built with");
  auto options = std::make_shared<CommonOptions>();
  add_common_options(parser, *options,
                     "  gate443 version\n"
                     "  gate443 version --json");
  return {parser, [options] {
            const auto parts = app::libraries();
            if (options->json) {
              nlohmann::json libraries;
              for (const auto& part : parts) libraries[part.name] = part.version;
              fmt::print("{}\n", nlohmann::json{{"version", app::version()}, {"libraries", libraries}}.dump());
              return to_int(Exit::kFine);
            }
            fmt::print("gate443 {}\n", app::version());
            for (const auto& part : parts) fmt::print("  {:<10} {}\n", part.name, part.version);
            return to_int(Exit::kFine);
          }};
}

}  // namespace gate::cli
