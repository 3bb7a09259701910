#include "feature/acme_server/acme_server_config.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "base/text.h"
#include "cert/internal_ca.h"
#include "conf/codes.h"
#include "conf/table.h"
#include "feature/acme_server/acme_server.h"
#include "feature/acme_server/codes.h"
#include "jose/base64url.h"

namespace gate::acme_server {
namespace {

using Context = conf::Context<AcmeServerSettings>;

template <std::vector<base::Cidr> AcmeServerSettings::* kMember>
void read_blocks(Context& context, const conf::Statement& statement) {
  for (const auto& word : statement.args) {
    if (const auto block = context.reader.cidr(word)) (context.plan.*kMember).push_back(*block);
  }
}

void read_names(Context& context, const conf::Statement& statement) {
  for (const auto& word : statement.args) {
    if (context.plan.names.permit_domain_or_block(word.text)) continue;
    context.reader.error(conf::kBadChoice, word,
                         fmt::format("{} is neither a domain nor a block of addresses", conf::shown(word.text)),
                         "such as example.internal or 192.168.0.0/16");
  }
}

void read_lifetime(Context& context, const conf::Statement& statement) {
  constexpr conf::DurationRange kRange{.min = std::chrono::hours(1), .max = cert::InternalCa::kLeafLifetimeMax};
  const auto lifetime = context.reader.duration(statement.args[0], kRange);
  if (lifetime) context.plan.lifetime = std::chrono::floor<std::chrono::seconds>(*lifetime);
}

// As the administrator gives it to clients: Base64url of 32 bytes or so (certbot's --eab-hmac-key).
void read_external_account(Context& context, const conf::Statement& statement) {
  constexpr std::size_t kSecretBytesMin = 16;
  const auto secret = context.reader.secret(statement.args[1]);
  if (!secret) return;
  const auto bytes = jose::from_base64url(secret->reveal());
  if (!bytes || bytes->size() < kSecretBytesMin) {
    context.reader.error(kBadSecret, statement.args[1], "the secret is no Base64url of 16 bytes or more",
                         "make one: openssl rand 32 | basenc --base64url | tr -d =");
    return;
  }
  context.plan.external_accounts.push_back({statement.args[0].text, std::string(base::as_text(*bytes))});
}

template <std::uint16_t AcmeServerSettings::* kMember>
void read_port(Context& context, const conf::Statement& statement) {
  if (const auto port = context.reader.port(statement.args[0])) context.plan.*kMember = *port;
}

void read_resolvers(Context& context, const conf::Statement& statement) {
  for (const auto& word : statement.args) {
    if (const auto endpoint = context.reader.endpoint(word)) context.plan.resolvers.push_back(*endpoint);
  }
}

constexpr conf::Directive<AcmeServerSettings> kDirectives[] = {
    {.name = "allow",
     .synopsis = "allow CIDR…",
     .summary = "The clients that it answers. Everybody whom the site answers unless said otherwise.",
     .args = {1, 64},
     .handle = read_blocks<&AcmeServerSettings::allow>},
    {.name = "names",
     .synopsis = "names DOMAIN|CIDR…",
     .summary = "What it gives certificates for. All that the authority may sign for unless said otherwise.",
     .args = {1, 64},
     .handle = read_names},
    {.name = "lifetime",
     .synopsis = "lifetime DURATION",
     .summary = "How long its certificates are valid. 7d unless said otherwise.",
     .args = {1, 1},
     .handle = read_lifetime},
    {.name = "eab",
     .synopsis = "eab ID env:NAME|file:PATH",
     .summary = "Only who knows such an id and its secret may make an account.",
     .args = {2, 2},
     .occurs = conf::Occurs::kRepeated,
     .handle = read_external_account},
    {.name = "validate",
     .synopsis = "validate CIDR…",
     .summary = "Where names may lead to be proved. All but this machine and its links unless said otherwise.",
     .args = {1, 64},
     .handle = read_blocks<&AcmeServerSettings::validate>},
    {.name = "http-port",
     .synopsis = "http-port PORT",
     .summary = "The port that http-01 is looked for at. 80; another one is for tests.",
     .args = {1, 1},
     .handle = read_port<&AcmeServerSettings::http_port>},
    {.name = "tls-port",
     .synopsis = "tls-port PORT",
     .summary = "The port that tls-alpn-01 is looked for at. 443; another one is for tests.",
     .args = {1, 1},
     .handle = read_port<&AcmeServerSettings::tls_port>},
    {.name = "resolver",
     .synopsis = "resolver ADDRESS:PORT…",
     .summary = "Who is asked for dns-01. The machine's resolvers unless said otherwise.",
     .args = {1, 8},
     .handle = read_resolvers},
};

}  // namespace

std::size_t own_arguments(const conf::Statement& statement) { return statement.args.size(); }

std::unique_ptr<const http::ServicePlan> parse_acme_server(const conf::Statement& statement, conf::Reader& reader) {
  const auto errors_before = reader.diagnostics().error_count();
  AcmeServerSettings settings;
  if (!statement.args.empty()) {
    if (auto path = reader.url_path(statement.args[0])) settings.path = *std::move(path);
    while (settings.path.ends_with('/')) settings.path.pop_back();
  }
  conf::read_block<AcmeServerSettings>(statement, kDirectives, settings, reader);
  if (reader.diagnostics().error_count() != errors_before) return nullptr;
  return std::make_unique<AcmeServerPlan>(std::move(settings));
}

}  // namespace gate::acme_server
