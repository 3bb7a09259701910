// gate443 trust qr.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <system_error>

#include "app/run_server.h"
#include "app/trust/qr_code.h"
#include "app/trust/root_pages.h"
#include "base/text.h"
#include "cli/codes.h"
#include "cli/trust.h"
#include "conf/format.h"
#include "os/outgoing_address.h"
#include "os/scratch_folder.h"

namespace gate::cli::trust {
namespace {

base::Error no_page(std::string why, std::string fix) {
  return {.code = kNoPageForPhones,
          .side = base::Side::kConfiguration,
          .what = "cannot show phones the way to the root",
          .why = std::move(why),
          .fix = std::move(fix)};
}

base::Result<base::IpAddress> reachable_address(const Options& options) {
  const auto address = options.address.empty() ? os::outgoing_address() : base::IpAddress::parse(options.address);
  if (address) return *address;
  if (!options.address.empty()) return base::fail(no_page(fmt::format("{} is no address", options.address), ""));
  return base::fail(no_page("this machine has no way to a network", "name its address: --address 192.168.1.2"));
}

// A page without secrets, for a phone that trusts nothing yet: plain HTTP is all there can be. What it shows is
// compared with the terminal.
std::string configuration(const base::Endpoint& at, const os::ScratchFolder& folder) {
  return fmt::format(
      "state {}\nadmin off\nhttps {}\nhttp {}\naccess-log off\naudit-log off\nworkers 1\n"
      "site {} {{\n  default\n  http allow\n  tls local\n  http3 off\n  hsts off\n"
      "  files {} {{\n    type .mobileconfig application/x-apple-aspen-config\n    type .crt "
      "application/x-x509-ca-cert\n"
      "  }}\n}}\n",
      conf::quoted(folder.path("state")), base::Endpoint{at.address, 0}.to_string(), at.to_string(),
      conf::quoted(at.address.to_string()), conf::quoted(folder.path("public")));
}

std::vector<cert::Certificate> certificates_of(const Authorities& authorities) {
  std::vector<cert::Certificate> all;
  for (const auto& root : authorities.roots()) all.push_back(root.certificate);
  return all;
}

void print_json(const std::string& url, const std::vector<cert::Certificate>& roots) {
  auto list = nlohmann::json::array();
  for (const auto& root : roots) {
    list.push_back({{"subject", root.subject()}, {"sha256", base::to_hex(root.fingerprint())}});
  }
  fmt::print("{}\n", nlohmann::json{{"url", url}, {"roots", list}}.dump());
}

void print_code(const app::QrCode& code, const std::string& url, const std::vector<cert::Certificate>& roots) {
  fmt::print("{}\n  {}\n", code.to_half_blocks(wants_colour()), url);
  for (const auto& root : roots) {
    const std::string lines = app::fingerprint_lines(root);
    const auto second = lines.find('\n');
    fmt::print("\n  {}\n  sha256  {}\n          {}\n", root.subject(), lines.substr(0, second),
               lines.substr(second + 1));
  }
  fmt::print("\n  Compare the fingerprint on the phone with this one before you trust it.\n");
}

base::Result<void> show(const Options& options, const std::string& url, const std::vector<cert::Certificate>& roots) {
  const auto code = app::QrCode::encode(url);
  if (!code) return base::fail(no_page("the URL is too long for a code that phones read", "a URL of up to 213 bytes"));
  if (options.json) {
    print_json(url, roots);
  } else {
    print_code(*code, url, roots);
  }
  return {};
}

int serve(const Options& options, const std::vector<cert::Certificate>& roots) {
  const auto address = reachable_address(options);
  if (!address) return fail(address.error(), options);
  const auto folder = os::ScratchFolder::create("trust");
  std::error_code error;
  const std::string pages = folder ? folder->path("public") : "";
  if (!folder || !std::filesystem::create_directory(pages, error)) {
    return fail(no_page("the folder for temporary files cannot be written", "look at the variable TMPDIR"), options);
  }
  if (const auto written = app::write_root_pages(pages, roots); !written) return fail(written.error(), options);
  const base::Endpoint at{*address, static_cast<std::uint16_t>(options.port)};
  if (const auto shown = show(options, fmt::format("http://{}/", at.to_string()), roots); !shown)
    return fail(shown.error(), options);
  if (!options.json) fmt::print("  The page is served until you press Ctrl-C.\n");
  std::fflush(stdout);
  return app::run_server({.path = {}, .text = configuration(at, *folder)}, {});
}

}  // namespace

int qr(const Options& options) {
  const auto authorities = open_authorities(options, false);
  if (!authorities) return fail(authorities.error(), options);
  const auto roots = certificates_of(*authorities);
  if (options.url.empty()) return serve(options, roots);
  const auto shown = show(options, options.url, roots);
  return shown ? to_int(Exit::kFine) : fail(shown.error(), options);
}

}  // namespace gate::cli::trust
