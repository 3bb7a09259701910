#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/folders.h"
#include "app/run_server.h"
#include "base/text.h"
#include "cli/codes.h"
#include "cli/commands.h"
#include "client/server_address.h"
#include "conf/format.h"
#include "os/privileges.h"

namespace gate::cli {
namespace {

struct Options : CommonOptions {
  std::string what = ".";
  std::vector<std::string> names;
  std::string https;
  std::string http;
  std::string state;
  bool no_listing = false;
};

// A port, "host:port", a URL or a Unix socket; a folder of that name comes first.
bool names_server(const std::string& what) {
  std::error_code error;
  if (std::filesystem::is_directory(what, error)) return false;
  return base::parse_number<std::uint16_t>(what).has_value() || what.find(':') != std::string::npos;
}

base::Error no_folder(const std::string& what) {
  return {.code = kNoSuchFolder,
          .side = base::Side::kConfiguration,
          .what = fmt::format("cannot serve {}: there is no such folder", conf::quoted(what)),
          .fix = "gate443 serve .   serves the folder you are in"};
}

// Low ports where this user may have them, high ones otherwise: the first try should work.
std::string address(const std::string& given, std::uint16_t low, std::uint16_t high) {
  if (!given.empty()) return given;
  return std::to_string(os::may_bind_port(low) ? low : high);
}

std::string answer(const Options& options) {
  if (names_server(options.what)) return fmt::format("proxy {}", conf::quoted(options.what));
  return fmt::format("files {} {{\n    listing {}\n  }}",
                     conf::quoted(std::filesystem::absolute(options.what).string()), options.no_listing ? "off" : "on");
}

std::string configuration(const Options& options) {
  constexpr std::uint16_t kHttps = 443;
  constexpr std::uint16_t kHttp = 80;
  constexpr std::uint16_t kHighHttps = 8443;
  constexpr std::uint16_t kHighHttp = 8080;
  std::string names;
  for (const auto& name : options.names) names += " " + conf::quoted(name);
  if (options.names.empty()) names = " localhost 127.0.0.1 ::1";
  const std::string state = options.state.empty() ? app::default_state_folder() : options.state;
  std::string text = fmt::format("state {}\n", conf::quoted(state));
  text += fmt::format("https {}\n", address(options.https, kHttps, kHighHttps));
  text += fmt::format("http {}\n", address(options.http, kHttp, kHighHttp));
  text += fmt::format("site{} {{\n  tls local\n  default\n  {}\n}}\n", names, answer(options));
  return text;
}

int serve(const Options& options) {
  std::error_code error;
  if (names_server(options.what)) {
    if (const auto address = client::ServerAddress::parse(options.what); !address)
      return fail(address.error(), options);
  } else if (!std::filesystem::is_directory(options.what, error)) {
    return fail(no_folder(options.what), options);
  }
  return app::run_server({.path = {}, .text = configuration(options)},
                         {.watch = false, .first_screen = !options.quiet});
}

}  // namespace

Command add_serve(Parser program) {
  const Parser parser = program.add_subcommand("serve", "Serve a folder, or what another server says, over HTTPS, now");
  auto options = std::make_shared<Options>();
  parser.add_option("DIR|PORT|URL", options->what, "What to serve: a folder, or a server as a port or a URL")
      .show_default();
  parser.add_option("--name", options->names, "A name the site answers to; may be given several times")
      .type_name("NAME");
  parser.add_option("--https", options->https, "Where to serve HTTPS: a port, or an address with a port")
      .type_name("ADDR");
  parser.add_option("--http", options->http, "Where to redirect HTTP from, or \"off\"").type_name("ADDR");
  parser.add_option("--state", options->state, "The folder for keys and certificates").type_name("DIR");
  parser.add_flag("--no-listing", options->no_listing, "Do not list folders that have no index file");
  parser.add_flag("--quiet,-q", options->quiet, "Print nothing but errors");
  parser.footer(
      "Examples:\n"
      "  gate443 serve ./public\n"
      "  gate443 serve 3000\n"
      "  gate443 serve . --name dev.localhost --https 8443 --http off");
  return {parser, [options] { return serve(*options); }};
}

}  // namespace gate::cli
