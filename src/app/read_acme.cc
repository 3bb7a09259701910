#include "app/read_acme.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <utility>

#include "app/codes.h"
#include "app/read_dns_proof.h"
#include "app/read_on_demand.h"
#include "app/read_roots.h"
#include "base/text.h"
#include "client/url.h"
#include "conf/table.h"
#include "jose/base64url.h"

namespace gate::app {
namespace {

// Authorities that need no URL.
struct Named {
  std::string_view name;
  std::string_view directory;
};
constexpr std::array kNamed{
    Named{"letsencrypt", "https://acme-v02.api.letsencrypt.org/directory"},
    Named{"letsencrypt-staging", "https://acme-staging-v02.api.letsencrypt.org/directory"},
    Named{"zerossl", "https://acme.zerossl.com/v2/DV90"},
    Named{"google", "https://dv.acme-v02.api.pki.goog/directory"},
};

void read_trust(conf::Context<AuthoritySettings>& context, const conf::Statement& statement) {
  auto named = read_roots(statement.args[0], context.reader);
  if (!named) return;
  context.plan.roots = std::move(named->roots);
  context.plan.trust_mark = fmt::format("{:x}", std::hash<std::string>{}(named->text));
}

void read_profile(conf::Context<AuthoritySettings>& context, const conf::Statement& statement) {
  context.plan.profile = statement.args[0].text;
}

void read_preferred_chain(conf::Context<AuthoritySettings>& context, const conf::Statement& statement) {
  context.plan.preferred_chain = statement.args[0].text;
}

// RFC 8555 7.3.4: the key is given out in Base64url.
void read_binding(conf::Context<AuthoritySettings>& context, const conf::Statement& statement) {
  auto secret = context.reader.secret(statement.args[1]);
  if (!secret) return;
  std::string_view text = secret->reveal();
  while (text.ends_with('=') || text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  const auto key = jose::from_base64url(text);
  if (!key || key->empty()) {
    return context.reader.error(conf::kBadChoice, statement.args[1], "the key of the binding is no Base64url",
                                "put it into the file as the authority shows it");
  }
  context.plan.binding =
      acme::ExternalBinding{.key_id = statement.args[0].text, .key = std::string(base::as_text(*key))};
}

constexpr conf::Directive<AuthoritySettings> kAuthorityStatements[] = {
    {.name = "trust",
     .synopsis = "trust FILE",
     .summary = "Roots that vouch for the authority's own server; the system's unless given.",
     .args = {1, 1},
     .handle = read_trust},
    {.name = "profile",
     .synopsis = "profile NAME",
     .summary = "Which of the authority's kinds of certificates is wanted, such as shortlived.",
     .args = {1, 1},
     .handle = read_profile},
    {.name = "eab",
     .synopsis = "eab KEY-ID file:PATH|env:NAME",
     .summary = "What the authority gave out to bind the account to a customer (External Account Binding).",
     .args = {2, 2},
     .handle = read_binding},
    {.name = "preferred-chain",
     .synopsis = "preferred-chain NAME",
     .summary = "Of several chains the one that leads to this root, by its common name.",
     .args = {1, 1},
     .handle = read_preferred_chain},
};

std::optional<std::string> directory_of(const conf::Word& word, conf::Reader& reader) {
  const auto named = std::ranges::find(kNamed, word.text, &Named::name);
  if (named != kNamed.end()) return std::string(named->directory);
  const auto url = client::Url::parse(word.text);
  // RFC 8555 6.1: "ACME clients [...] use HTTPS".
  if (url && url->server.secure()) return word.text;
  reader.error(conf::kBadChoice, word,
               fmt::format("{} is no directory of a certificate authority", conf::shown(word.text)),
               "write its https:// URL, or letsencrypt, letsencrypt-staging, zerossl, google");
  return std::nullopt;
}

// authority URL|NAME [{ … }]
void read_authority(conf::Context<AcmeSettings>& context, const conf::Statement& statement) {
  AuthoritySettings authority;
  conf::read_block<AuthoritySettings>(statement, kAuthorityStatements, authority, context.reader);
  auto directory = directory_of(statement.args[0], context.reader);
  if (!directory) return;
  authority.directory = *std::move(directory);
  context.plan.authorities.push_back(std::move(authority));
}

// challenges TYPE…
void read_challenges(conf::Context<AcmeSettings>& context, const conf::Statement& statement) {
  constexpr conf::Choice<std::string_view> kTypes[] = {{"http-01", "http-01"},
                                                       {"tls-alpn-01", "tls-alpn-01"},
                                                       {"dns-01", "dns-01"},
                                                       {"dns-persist-01", "dns-persist-01"}};
  for (const auto& word : statement.args) {
    if (const auto type = context.reader.choice(word, kTypes)) context.plan.challenges.emplace_back(*type);
  }
}

// dns update|exec|http … { … }
void read_dns(conf::Context<AcmeSettings>& context, const conf::Statement& statement) {
  context.plan.dns = read_dns_proof(statement, context.reader);
}

// on-demand { … }
void read_on_demand_statement(conf::Context<AcmeSettings>& context, const conf::Statement& statement) {
  context.plan.on_demand = read_on_demand(statement, context.reader);
}

constexpr conf::Directive<AcmeSettings> kStatements[] = {
    {.name = "authority",
     .synopsis = "authority URL|NAME [{ … }]",
     .summary = "A certificate authority; the next one is asked when it does not issue.",
     .args = {1, 1},
     .block = conf::BlockRule::kAllowed,
     .occurs = conf::Occurs::kRepeated,
     .handle = read_authority},
    {.name = "challenges",
     .synopsis = "challenges TYPE…",
     .summary = "How names may be proven, the preferred one first: http-01, tls-alpn-01, dns-01, dns-persist-01.",
     .args = {1, 4},
     .handle = read_challenges},
    {.name = "dns",
     .synopsis = "dns update ADDRESS | exec PROGRAM… | http URL [{ … }]",
     .summary = "Who makes the DNS records that prove names, wildcards among them.",
     .args = {2, 64},
     .block = conf::BlockRule::kAllowed,
     .handle = read_dns},
    {.name = "on-demand",
     .synopsis = "on-demand { ask URL | allow NAME… … }",
     .summary = "Of a site: names that it takes by a wildcard or as the default get their certificate when a client "
                "asks for them first.",
     .args = {0, 0},
     .block = conf::BlockRule::kRequired,
     .handle = read_on_demand_statement},
};

// RFC 6761, RFC 2606, RFC 8375, RFC 9476, and what is usual in networks of one's own: none of them is in the public
// DNS.
constexpr std::array<std::string_view, 14> kPrivateEndings{".localhost", ".local",     ".test",  ".invalid", ".example",
                                                           ".internal",  ".home.arpa", ".lan",   ".home",    ".corp",
                                                           ".intranet",  ".private",   ".onion", ".alt"};

AuthoritySettings default_authority() { return {.directory = std::string(kNamed.front().directory)}; }

void check_proofs(const SiteSettings& site, conf::Reader& reader) {
  const auto& chosen = site.acme->challenges;
  const auto allows = [&](std::string_view type) { return std::ranges::find(chosen, type) != chosen.end(); };
  if (allows("dns-01") && !site.acme->dns) {
    reader.diagnostics().error(conf::kContradiction, site.at, "nobody makes the DNS records for dns-01",
                               "add to the acme block: dns update ADDRESS { key file:PATH }, or dns exec, dns http");
  }
  const bool by_dns = (site.acme->dns && (chosen.empty() || allows("dns-01"))) || allows("dns-persist-01");
  for (const auto& name : site.names) {
    if (name.kind != conf::HostName::Kind::kWildcard || by_dns || site.acme->on_demand) continue;
    reader.diagnostics().error(
        kCertificateNeeded, site.at,
        fmt::format("{} can be proven to an authority by DNS only", conf::shown(name.name)),
        "say in the acme block who makes DNS records (\"dns\"), or \"tls local\" or \"tls cert FILE key "
        "FILE\" in the site");
  }
}

}  // namespace

AcmeSettings read_acme(const conf::Statement& statement, conf::Reader& reader) {
  AcmeSettings settings;
  conf::read_block<AcmeSettings>(statement, kStatements, settings, reader);
  return settings;
}

std::optional<std::string> read_email(const conf::Word& word, conf::Reader& reader) {
  const std::string_view text = word.text;
  const auto at = text.find('@');
  const bool plain = std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && c != ',' && c != '?'; });
  if (plain && at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.rfind('@') == at) {
    return word.text;
  }
  reader.error(conf::kBadChoice, word, fmt::format("{} is no address of mail", conf::shown(text)),
               "such as ops@example.com");
  return std::nullopt;
}

bool is_named_authority(std::string_view directory) {
  return std::ranges::find(kNamed, directory, &Named::directory) != kNamed.end();
}

bool is_public_name(const conf::HostName& name) {
  if (name.kind == conf::HostName::Kind::kAddress) return false;
  if (!name.name.contains('.')) return false;
  return std::ranges::none_of(kPrivateEndings, [&](std::string_view ending) { return name.name.ends_with(ending); });
}

void complete_acme(Settings& settings, conf::Reader& reader) {
  std::shared_ptr<const cert::Roots> system;
  for (auto& site : settings.sites) {
    if (!site.acme) continue;
    if (site.acme->authorities.empty()) site.acme->authorities = settings.acme.authorities;
    if (site.acme->authorities.empty()) site.acme->authorities.push_back(default_authority());
    if (site.acme->challenges.empty()) site.acme->challenges = settings.acme.challenges;
    if (!site.acme->dns) site.acme->dns = settings.acme.dns;
    check_proofs(site, reader);
    if (site.acme->on_demand) check_on_demand(site, reader);
    for (auto& authority : site.acme->authorities) {
      if (authority.roots) continue;
      if (!system) {
        auto roots = cert::Roots::system();
        if (!roots)
          return reader.diagnostics().error(roots.error().code, site.at, roots.error().what, roots.error().fix);
        system = std::make_shared<const cert::Roots>(*std::move(roots));
      }
      authority.roots = system;
    }
  }
}

std::vector<StatementHelp> acme_help() {
  std::vector<StatementHelp> help;
  for (const auto& row : kStatements) help.push_back({row.name, row.synopsis, row.summary, "acme"});
  for (const auto& row : kAuthorityStatements) help.push_back({row.name, row.synopsis, row.summary, "authority"});
  for (const auto& row : dns_proof_words()) help.push_back({row.name, row.synopsis, row.summary, "dns"});
  for (const auto& row : on_demand_words()) help.push_back({row.name, row.synopsis, row.summary, "on-demand"});
  return help;
}

}  // namespace gate::app
