#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "cert/revocation_list.h"
#include "cli/cert_commands.h"
#include "cli/codes.h"
#include "cli/confirm.h"

namespace gate::cli {
namespace {

using nlohmann::json;

// The request to the authority, and the order of another certificate.
constexpr std::chrono::minutes kPatience{3};

struct Options : AdminOptions {
  std::string name;
  std::string reason = "unspecified";
  bool yes = false;
  bool no_replacement = false;
};

base::Result<cert::RevocationReason> reason_of(const Options& options) {
  const auto reason = cert::parse_revocation_reason(options.reason);
  // RFC 5280 5.3.1: "privilegeWithdrawn" is the authority's to say.
  if (reason && *reason != cert::RevocationReason::kPrivilegeWithdrawn) return *reason;
  return base::fail({.code = kBadCaArgument,
                     .side = base::Side::kConfiguration,
                     .what = fmt::format("\"{}\" is no reason to have a certificate revoked", options.reason),
                     .fix = "key-compromise, superseded, affiliation-changed or cessation-of-operation"});
}

base::Error not_of_an_authority(const json& certificate) {
  const std::string site = certificate.value("site", "");
  const bool is_local = certificate.value("source", "") == "local CA";
  return {
      .code = kNotRevocable,
      .side = base::Side::kConfiguration,
      .what = fmt::format("the certificate of {} was not ordered from an authority", site),
      .why = fmt::format("it comes from {}", is_local ? "the local CA, whose certificates nobody looks up" : "files"),
      .fix = is_local ? "gate443 trust uninstall   ends the trust in all of them"
                      : "gate443 ca revoke NAME   if the internal CA has issued it; else ask who has"};
}

// The one that is meant: of the site that is called so, else of the only one that has the name.
base::Result<json> find(const Options& options) {
  GATE_TRY_ASSIGN(const json all, ask_certificates(options, options.name));
  json ordered = json::array();
  for (const auto& each : all) {
    if (each.value("source", "").starts_with("ACME")) ordered.push_back(each);
  }
  if (ordered.empty()) return base::fail(not_of_an_authority(all.front()));
  for (const auto& each : ordered) {
    if (each.value("site", "") == options.name) return each;
  }
  if (ordered.size() == 1) return ordered.front();
  return base::fail({.code = kSeveralCertificates,
                     .side = base::Side::kConfiguration,
                     .what = fmt::format("{} certificates are for \"{}\"", ordered.size(), options.name),
                     .fix = "name the site as gate443 cert list does"});
}

base::Result<bool> confirm(const json& certificate, const Options& options) {
  if (options.yes) return true;
  fmt::print(stderr, "{}: {}, valid until {}, serial {}\n", certificate.value("site", ""),
             common_name(certificate.value("issuer", "")), day_of(certificate, "not_after"),
             certificate.value("serial", ""));
  return ask_to_confirm(options.no_replacement ? "Revoke it for ever, and order no other?"
                                               : "Revoke it for ever, and order another one?");
}

int revoke(const Options& options) {
  const auto reason = reason_of(options);
  if (!reason) return fail(reason.error(), options);
  const auto certificate = find(options);
  if (!certificate) return fail(certificate.error(), options);
  const auto confirmed = confirm(*certificate, options);
  if (!confirmed) return fail(confirmed.error(), options);
  if (!*confirmed) return to_int(Exit::kFindings);

  const json request{{"command", "revoke"},
                     {"site", certificate->at("site")},
                     {"serial", certificate->at("serial")},
                     {"reason", cert::to_string(*reason)},
                     {"replace", !options.no_replacement}};
  return show_text(ask_and_wait(request, options, options.name, kPatience), options);
}

}  // namespace

Command add_cert_revoke(Parser cert) {
  const Parser parser = cert.add_subcommand("revoke", "Have the authority revoke a certificate, and order another one");
  auto options = std::make_shared<Options>();
  parser.add_option("NAME", options->name, "A site with a certificate of an authority").required();
  parser
      .add_option("--reason", options->reason,
                  "key-compromise, superseded, affiliation-changed, cessation-of-operation")
      .type_name("REASON");
  parser.add_flag("--no-replacement", options->no_replacement, "Order no other until \"cert renew\" does");
  parser.add_flag("--yes,-y", options->yes, "Do not ask whether that is meant");
  add_admin_options(parser, *options,
                    "  gate443 cert revoke www.example.com --reason key-compromise\n"
                    "  gate443 cert revoke old.example.com --no-replacement --yes");
  return {parser, [options] { return revoke(*options); }};
}

}  // namespace gate::cli
