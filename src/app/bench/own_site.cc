#include "app/bench/own_site.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "app/bench/codes.h"
#include "app/explain_request.h"
#include "conf/environment.h"

namespace gate::app {
namespace {

// "*.example.com" → "bench.example.com".
std::string host_of(const std::string& site) { return site.starts_with("*.") ? "bench" + site.substr(1) : site; }

// Why the path must not be asked for; empty: nothing speaks against it.
std::string objection(const OwnWish& wish, const std::string& host) {
  // Read once more: explaining takes the statements out of what it is given.
  const conf::SystemEnvironment environment;
  auto loaded = load_configuration(wish.source, environment);
  const RequestToExplain request{.method = "GET",
                                 .url = fmt::format("https://{}{}", host, wish.path),
                                 .fields = {},
                                 .client = *base::IpAddress::parse("127.0.0.1")};
  const auto told = explain_request(loaded.settings, request, nullptr);
  if (!told) return told.error().what;
  for (const auto& step : told->at("steps")) {
    const auto statement = step.value("statement", "");
    if (step.value("asked", false) && statement.starts_with("cache")) return "its answers are kept in its cache";
  }
  return told->contains("answer") ? "" : "another server answers it, which is left alone";
}

base::Error no_such_site(const std::string& name) {
  return {.code = kNoSuchSite,
          .side = base::Side::kConfiguration,
          .what = fmt::format("the configuration has no site \"{}\" that could be measured", name),
          .why = "a site is known by the first of its names; ACME servers are not measured",
          .fix = "gate443 bench --self FILE   measures the first site of the file"};
}

}  // namespace

base::Result<std::optional<OwnSite>> choose_own_site(const OwnWish& wish, const Settings& settings) {
  // An ACME server wants the internal authority of the server that runs.
  const auto found = std::ranges::find_if(settings.sites, [&wish](const SiteSettings& site) {
    return !site.needs_internal_ca && (wish.site.empty() || site.name() == wish.site);
  });
  if (found == settings.sites.end()) {
    if (!wish.site.empty()) return base::fail(no_such_site(wish.site));
    return std::nullopt;
  }
  OwnSite own{.name = found->name(), .host = host_of(found->name()), .answers = found->rule};
  own.key_is_ours = found->certificates.empty() && !found->local_certificate;
  if (found->clients) {
    own.handshake_problem = own.request_problem = "its clients have to show certificates";
  } else {
    own.request_problem = objection(wish, own.host);
  }
  return own;
}

}  // namespace gate::app
