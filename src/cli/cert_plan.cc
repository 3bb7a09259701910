#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <string>

#include "app/admin/admin_client.h"
#include "cli/cert_commands.h"

namespace gate::cli {
namespace {

struct Options : AdminOptions {
  std::uint32_t days = 60;
};

void print(const nlohmann::json& events, std::uint32_t days) {
  if (events.empty()) fmt::print("nothing happens in the next {} days\n", days);
  for (const auto& each : events) {
    constexpr std::size_t kSiteColumns = 24;
    constexpr std::size_t kWhyColumns = 28;
    // An hour of a renewal that depends on another one would pretend to know more than can be known.
    const bool is_expected = each.value("expected", false);
    fmt::print("{:<16}  {:<6} {:<{}}  {}\n", is_expected ? "about " + day_of(each, "when") : minute_of(each, "when"),
               each.value("what", ""), fitted(each.value("site", ""), kSiteColumns), kSiteColumns,
               fitted(each.value("why", ""), kWhyColumns));
  }
}

int plan(const Options& options) {
  const auto events = app::call_admin(options.path(), {{"command", "certificate_plan"}, {"days", options.days}});
  if (!events) return fail(events.error(), options);
  if (options.json) {
    fmt::print("{}\n", events->dump());
  } else if (!options.quiet) {
    print(*events, options.days);
  }
  return to_int(Exit::kFine);
}

}  // namespace

Command add_cert_plan(Parser cert) {
  auto options = std::make_shared<Options>();
  const Parser parser = cert.add_subcommand("plan", "What happens to them when, and why");
  parser.add_option("--days", options->days, "How far to look ahead").within(1, 3650).show_default();
  add_admin_options(parser, *options, "  gate443 cert plan\n  gate443 cert plan --days 365");
  return {parser, [options] { return plan(*options); }};
}

}  // namespace gate::cli
