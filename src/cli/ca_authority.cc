// gate443 ca init, show, url.

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <span>

#include "app/folders.h"
#include "app/trust/root_pages.h"
#include "base/text.h"
#include "cli/ca.h"
#include "cli/codes.h"
#include "cli/wrapped.h"

namespace gate::cli::ca {
namespace {

constexpr std::size_t kLabelColumns = 12;

base::Error bad_argument(std::string what, std::string why, std::string fix) {
  return {.code = kBadCaArgument,
          .side = base::Side::kConfiguration,
          .what = std::move(what),
          .why = std::move(why),
          .fix = std::move(fix)};
}

base::Result<std::optional<cert::NameConstraints>> constraints_of(const Options& options) {
  if (options.permit_anything) return std::nullopt;
  cert::NameConstraints constraints = options.permit.empty() ? cert::NameConstraints::local() : cert::NameConstraints{};
  constraints.mail = true;
  for (const std::string& each : options.permit) {
    if (constraints.permit_domain_or_block(each)) continue;
    return base::fail(bad_argument(fmt::format("cannot permit \"{}\"", each),
                                   "it is neither a domain nor a block of addresses",
                                   "such as --permit example.internal 192.168.0.0/16"));
  }
  return constraints;
}

// Longer names are cut by no one and refused by some clients: " root" is added, 64 characters are allowed.
base::Result<void> check_name(const std::string& name) {
  constexpr std::size_t kMax = 58;
  const bool printable =
      std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
  if (!name.empty() && name.size() <= kMax && printable) return {};
  return base::fail(
      bad_argument("cannot call the authority so", fmt::format("a name has from 1 to {} bytes", kMax), ""));
}

std::vector<std::string> permitted(const cert::InternalCa& ca) {
  if (!ca.constraints()) return {"anything"};
  std::vector<std::string> all = ca.constraints()->domains;
  all.insert(all.end(), ca.constraints()->blocks.begin(), ca.constraints()->blocks.end());
  return all;
}

nlohmann::json authority_json(const cert::InternalCa& ca) {
  const auto list = ca.published_list();
  nlohmann::json text{{"subject", ca.root().subject()},
                      {"root", ca.root_path()},
                      {"not_after", day(ca.root().not_after())},
                      {"sha256", base::to_hex(ca.root().fingerprint())},
                      {"permits", permitted(ca)},
                      {"constrained", ca.constraints().has_value()},
                      {"url", ca.url()},
                      {"issued", ca.issued().size()},
                      {"revocation_list", {{"der", ca.list_path()}, {"pem", ca.list_pem_path()}}}};
  if (list) {
    text["revocation_list"]["number"] = list->number;
    text["revocation_list"]["next_update"] = day(list->next_update);
    text["revocation_list"]["revoked"] = list->serials.size();
  }
  return text;
}

void print_authority(const cert::InternalCa& ca) {
  fmt::print("{}\n", ca.root().subject());
  line("root", ca.root_path());
  line("may sign", wrapped(joined(permitted(ca)), kLabelColumns));
  line("until", day(ca.root().not_after()));
  line("sha256", base::to_hex(ca.root().fingerprint()));
  line("published", ca.url().empty() ? "nowhere: certificates name no list of revoked ones" : ca.url());
}

int report(const cert::InternalCa& ca, const Options& options) {
  if (options.json) {
    fmt::print("{}\n", authority_json(ca).dump());
  } else if (!options.quiet) {
    print_authority(ca);
  }
  return to_int(Exit::kFine);
}

void print_certificate(const cert::IssuedRecord& record, base::WallTime now) {
  fmt::print("{}\n", record.names.front());
  line("names", wrapped(joined(record.names), kLabelColumns));
  line("purpose", cert::to_string(record.purpose));
  line("valid", day(record.from) + " to " + day(record.until));
  line("state", record.revocation ? fmt::format("revoked on {}: {}", day(record.revocation->at),
                                                cert::to_string(record.revocation->reason))
                                  : std::string(state_of(record, now)));
  line("asked by", record.origin);
  line("serial", record.serial);
  line("sha256", record.sha256);
}

int show_certificates(const cert::InternalCa& ca, const Options& options) {
  const base::SystemClock clock;
  const auto found = find(ca, options.which);
  if (found.empty()) {
    return fail({.code = kNoSuchCertificate,
                 .side = base::Side::kConfiguration,
                 .what = fmt::format("the authority has issued nothing for \"{}\"", options.which),
                 .fix = "gate443 ca list --all   shows what it has issued"},
                options);
  }
  auto all = nlohmann::json::array();
  for (const auto* record : found) {
    if (options.json) {
      all.push_back(to_json(*record, clock.wall()));
    } else {
      print_certificate(*record, clock.wall());
    }
  }
  if (options.json) fmt::print("{}\n", all.dump());
  return to_int(Exit::kFine);
}

}  // namespace

std::string Options::state_folder() const { return state.empty() ? app::default_state_folder() : state; }

void line(std::string_view label, std::string_view text) { fmt::print("  {:<9} {}\n", label, text); }

std::string day(base::WallTime time) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

base::Result<cert::InternalCa> open(const Options& options) {
  const base::SystemClock clock;
  return cert::InternalCa::open(options.state_folder(), clock.wall());
}

// RFC 5280 8: "When certificates include a cRLDistributionPoints extension with an https URI [...] circular
// dependencies can be introduced."
base::Result<void> check_url(const std::string& url) {
  const std::string_view rest = std::string_view(url).substr(std::min(url.size(), std::string_view("http://").size()));
  const bool plain = std::ranges::all_of(rest, [](char c) {
    return base::is_alpha(c) || base::is_digit(c) || std::string_view("-._~:/[]%").find(c) != std::string_view::npos;
  });
  if (url.starts_with("http://") && !rest.empty() && rest.front() != '/' && plain && !rest.ends_with('/')) return {};
  return base::fail(
      bad_argument(fmt::format("\"{}\" cannot stand in certificates", url),
                   "clients fetch the list of revoked certificates over plain HTTP, for TLS needs it first",
                   "http://pki.example.internal/ca, without a slash at the end"));
}

int init(const Options& options) {
  const base::SystemClock clock;
  if (const auto named = check_name(options.name); !named) return fail(named.error(), options);
  if (!options.url.empty()) {
    if (const auto good = check_url(options.url); !good) return fail(good.error(), options);
  }
  auto constraints = constraints_of(options);
  if (!constraints) return fail(constraints.error(), options);
  constexpr std::chrono::days kYear{365};
  const auto ca = cert::InternalCa::create(options.state_folder(),
                                           {.name = options.name,
                                            .constraints = *std::move(constraints),
                                            .lifetime = kYear * options.years,
                                            .url = options.url},
                                           clock.wall());
  if (!ca) return fail(ca.error(), options);
  if (const auto written = app::write_root_pages(ca->public_folder(), std::span(&ca->root(), 1)); !written)
    return fail(written.error(), options);
  const int code = report(*ca, options);
  if (!options.json && !options.quiet) {
    fmt::print("next\n");
    line("", "gate443 trust install      this machine trusts it");
    line("", "gate443 trust qr           phones and other machines do");
    line("", "gate443 ca issue NAME      a certificate for a server");
  }
  return code;
}

int show(const Options& options) {
  const auto ca = open(options);
  if (!ca) return fail(ca.error(), options);
  if (!options.which.empty()) return show_certificates(*ca, options);
  const int code = report(*ca, options);
  if (!options.json && !options.quiet) {
    const base::SystemClock clock;
    const auto valid =
        std::ranges::count_if(ca->issued(), [&](const auto& each) { return state_of(each, clock.wall()) == "valid"; });
    line("valid", fmt::format("{} certificates: gate443 ca list", valid));
    if (const auto list = ca->published_list()) {
      line("revoked", fmt::format("{} certificates; the list is number {}, good until {}", list->serials.size(),
                                  list->number, day(list->next_update)));
      line("", ca->list_path());
      line("", ca->list_pem_path());
    }
  }
  return code;
}

int set_url(const Options& options) {
  const std::string url = options.url == "none" ? "" : options.url;
  if (!url.empty()) {
    if (const auto good = check_url(url); !good) return fail(good.error(), options);
  }
  auto ca = open(options);
  if (!ca) return fail(ca.error(), options);
  if (const auto set = ca->set_url(url); !set) return fail(set.error(), options);
  return report(*ca, options);
}

}  // namespace gate::cli::ca
