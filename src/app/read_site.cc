#include "app/read_site.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/client_certificates.h"
#include "app/codes.h"
#include "app/read_acme.h"
#include "app/read_log.h"
#include "app/site_services.h"
#include "conf/format.h"
#include "conf/table.h"
#include "tls/policy.h"

namespace gate::app {
namespace {

using Context = conf::Context<SiteSettings>;

void read_own_certificate(Context& context, const conf::Statement& statement) {
  const auto& args = statement.args;
  if (args.size() != 4 || args[2].text != "key") {
    context.reader.error(conf::kWrongArgumentCount, args[0], "a certificate needs its key",
                         "write: tls cert FILE key FILE");
    return;
  }
  const auto certificate = context.reader.path(args[1]);
  const auto key = context.reader.path(args[3]);
  if (certificate && key) context.plan.certificates.push_back({*certificate, *key, args[1].at});
}

void read_version(Context& context, const conf::Statement& statement) {
  constexpr conf::Choice<std::uint16_t> kVersions[] = {{"1.2", tls::kTls12}, {"1.3", tls::kTls13}};
  if (statement.args.size() != 2) {
    context.reader.error(conf::kWrongArgumentCount, statement.args[0], "the lowest version is missing",
                         "write: tls min 1.3");
    return;
  }
  if (auto version = context.reader.choice(statement.args[1], kVersions)) context.plan.tls_version_min = *version;
}

// tls acme [{ … }]  ·  tls local  ·  tls cert FILE key FILE  ·  tls min 1.2|1.3
void read_tls(Context& context, const conf::Statement& statement) {
  enum class Form : std::uint8_t { kAcme, kLocal, kOwn, kVersion };
  constexpr conf::Choice<Form> kForms[] = {
      {"acme", Form::kAcme}, {"local", Form::kLocal}, {"cert", Form::kOwn}, {"min", Form::kVersion}};
  const auto form = context.reader.choice(statement.args[0], kForms);
  if (!form) return;
  if (statement.block && *form != Form::kAcme) {
    return context.reader.error(conf::kBlockNotAllowed, statement.args[0], "only \"tls acme\" has a block");
  }
  switch (*form) {
    case Form::kAcme: context.plan.acme = read_acme(statement, context.reader); return;
    case Form::kLocal: context.plan.local_certificate = true; return;
    case Form::kOwn: read_own_certificate(context, statement); return;
    case Form::kVersion: read_version(context, statement); return;
  }
}

void read_clients(Context& context, const conf::Statement& statement) {
  context.plan.clients = read_client_certificates(statement, context.reader);
}

void read_default(Context& context, const conf::Statement&) { context.plan.is_default = true; }

void read_http2(Context& context, const conf::Statement& statement) {
  if (auto on = context.reader.on_off(statement.args[0])) context.plan.http2 = *on;
}

void read_site_log(Context& context, const conf::Statement& statement) {
  context.plan.access_log = read_access_log(statement, context.reader);
}

// log-field request|response NAME [clear]
void read_log_field(Context& context, const conf::Statement& statement) {
  enum class Side : std::uint8_t { kRequest, kResponse };
  constexpr conf::Choice<Side> kSides[] = {{"request", Side::kRequest}, {"response", Side::kResponse}};
  const auto side = context.reader.choice(statement.args[0], kSides);
  bool in_clear = false;
  if (statement.args.size() > 2) {
    constexpr conf::Choice<bool> kClear[] = {{"clear", true}};
    in_clear = context.reader.choice(statement.args[2], kClear).value_or(false);
  }
  if (!side) return;
  auto& fields = context.plan.log_fields;
  auto& list = *side == Side::kRequest ? fields.request : fields.response;
  if (list.size() == observe::AccessFormatter::kFieldsMax) {
    context.reader.error(conf::kContradiction, statement.name, fmt::format("more than {} logged fields", list.size()));
    return;
  }
  list.push_back(observe::select_field(statement.args[1].text, in_clear));
}

constexpr conf::Directive<SiteSettings> kStatements[] = {
    {.name = "tls",
     .synopsis = "tls acme [{ … }] | tls local | tls cert FILE key FILE | tls min 1.2|1.3",
     .summary =
         "The site's certificate: of an authority, of the local CA, or files of yours; and the lowest TLS version.",
     .args = {1, 4},
     .block = conf::BlockRule::kAllowed,
     .occurs = conf::Occurs::kRepeated,
     .handle = read_tls},
    {.name = "client-certificate",
     .synopsis = "client-certificate require|request { trust FILE… … }",
     .summary = "Lets clients prove in the handshake who they are (mutual TLS).",
     .args = {1, 1},
     .block = conf::BlockRule::kRequired,
     .handle = read_clients},
    {.name = "default",
     .synopsis = "default",
     .summary = "Answers names that no site has, and clients that ask for none.",
     .args = {0, 0},
     .handle = read_default},
    {.name = "http2",
     .synopsis = "http2 on | off",
     .summary = "Whether HTTP/2 is offered beside HTTP/1.1.",
     .args = {1, 1},
     .handle = read_http2},
    {.name = "access-log",
     .synopsis = "access-log FILE | stdout | off [json | combined]",
     .summary = "Where this site's requests are written down, instead of the server's log.",
     .args = {1, 2},
     .handle = read_site_log},
    {.name = "log-field",
     .synopsis = "log-field request|response NAME [clear]",
     .summary = "Adds a header field to the access log; credentials are redacted unless \"clear\".",
     .args = {2, 3},
     .occurs = conf::Occurs::kRepeated,
     .handle = read_log_field},
};

void read_names(SiteSettings& site, const conf::Statement& statement, conf::Reader& reader) {
  for (const auto& word : statement.args) {
    if (auto name = reader.host_name(word)) site.names.push_back(*std::move(name));
  }
}

// Public names get a certificate of a public authority without a word, names that cannot be public one of the local CA.
void choose_certificate(SiteSettings& site, const conf::Statement& statement, conf::Reader& reader) {
  const int chosen = (site.local_certificate ? 1 : 0) + (site.certificates.empty() ? 0 : 1) + (site.acme ? 1 : 0);
  if (chosen > 1) {
    reader.error(conf::kContradiction, statement.name,
                 "a site has a certificate of an authority, of the local CA, or files of yours",
                 "keep one of \"tls acme\", \"tls local\" and \"tls cert\"");
  }
  if (chosen > 0) return;
  if (std::ranges::all_of(site.names, is_public_name)) {
    site.acme.emplace();
  } else if (std::ranges::none_of(site.names, is_public_name)) {
    site.local_certificate = true;
  } else {
    reader.error(kCertificateNeeded, statement.name,
                 fmt::format("{} has public names and others", conf::title(statement)),
                 "no authority vouches for both: make two sites of it, or say \"tls local\"");
  }
}

// Nobody gets around proving who they are.
void check_clients(const SiteSettings& site, const conf::Statement& statement, conf::Reader& reader) {
  if (!site.clients) return;
  if (site.clear_allowed) {
    reader.error(conf::kContradiction, statement.name, "plain HTTP knows no client certificates",
                 "remove \"http allow\" or \"client-certificate\"");
  }
  if (site.early_data) {
    reader.error(conf::kContradiction, statement.name, "early data comes before the client has proved who it is",
                 "remove \"early-data\" or \"client-certificate\"");
  }
}

}  // namespace

SiteSettings read_site(const conf::Statement& statement, conf::Reader& reader) {
  SiteSettings site;
  site.at = statement.name.at;
  reader.take_file_marks();
  read_names(site, statement, reader);
  SiteServices services;
  conf::Scope scope;
  scope.add(std::span<const conf::Directive<SiteSettings>>(kStatements), site);
  services.add_to(scope);
  scope.read(statement, reader);
  if (!site.names.empty()) choose_certificate(site, statement, reader);
  conf::Block canonical;
  canonical.statements.push_back(statement);
  site.text = conf::format(canonical) + reader.take_file_marks();
  std::move(services).finish(site, statement, reader);
  check_clients(site, statement, reader);
  return site;
}

std::vector<StatementHelp> site_help() {
  std::vector<StatementHelp> help;
  for (const auto& row : kStatements) help.push_back({row.name, row.synopsis, row.summary, "site"});
  for (const auto& row : client_certificate_help()) help.push_back(row);
  for (const auto& row : SiteServices::help()) help.push_back(row);
  return help;
}

}  // namespace gate::app
