#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <memory>
#include <string>

#include "app/admin/admin_client.h"
#include "cli/admin.h"
#include "cli/commands.h"

namespace gate::cli {
namespace {

struct Options : AdminOptions {
  std::string name;
};

int renew(const Options& options) {
  const bool shows_progress = !options.quiet && !options.json && isatty(STDERR_FILENO) == 1;
  const auto progress = [&](std::string_view text) {
    if (shows_progress) fmt::print(stderr, "\r\x1b[K{}: {}", options.name, text);
  };
  const auto answer = app::call_admin(options.path(), {{"command", "renew"}, {"site", options.name}}, progress);
  if (shows_progress) fmt::print(stderr, "\r\x1b[K");
  if (!answer) return fail(answer.error(), options);
  if (options.json) {
    fmt::print("{}\n", answer->dump());
  } else if (!options.quiet) {
    fmt::print("{}\n", answer->value("text", ""));
  }
  return to_int(Exit::kFine);
}

}  // namespace

Command add_cert_renew(Parser cert) {
  const Parser parser = cert.add_subcommand("renew", "Order a certificate now, whatever the calendar says");
  auto options = std::make_shared<Options>();
  parser.add_option("NAME", options->name, "A site with a certificate of an authority").required();
  add_admin_options(parser, *options,
                    "  gate443 cert renew www.example.com\n"
                    "  gate443 cert renew www.example.com --json");
  return {parser, [options] { return renew(*options); }};
}

}  // namespace gate::cli
