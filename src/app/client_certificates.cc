#include "app/client_certificates.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cert/codes.h"
#include "conf/table.h"
#include "os/file.h"

namespace gate::app {
namespace {

constexpr std::size_t kTrustBytesMax = 1024 * 1024;
constexpr std::size_t kCrlBytesMax = 16 * 1024 * 1024;  // some hundred thousand entries; each worker keeps them

// A statement as it is read, before its patterns are shared.
struct Draft {
  ClientCertificateSettings settings;
  std::vector<http::Glob> names;
};
using Context = conf::Context<Draft>;

void add_paths(Context& context, const conf::Statement& statement,
               std::vector<ClientCertificateSettings::File>& files) {
  for (const auto& word : statement.args) {
    if (auto path = context.reader.path(word)) files.push_back({*std::move(path), word.at});
  }
}

void read_trust(Context& context, const conf::Statement& statement) {
  add_paths(context, statement, context.plan.settings.trust);
}

void read_crl(Context& context, const conf::Statement& statement) {
  add_paths(context, statement, context.plan.settings.crls);
}

void read_names(Context& context, const conf::Statement& statement) {
  for (const auto& word : statement.args) {
    auto name = http::Glob::compile(word.text, http::Glob::Of::kText);
    if (!name) {
      context.reader.error(name.error().code, word, fmt::format("{} names no client", conf::shown(word.text)),
                           name.error().what);
      continue;
    }
    context.plan.settings.names_text.push_back(word.text);
    context.plan.names.push_back(*std::move(name));
  }
}

constexpr conf::Directive<Draft> kDirectives[] = {
    {.name = "trust",
     .synopsis = "trust FILE…",
     .summary = "Who vouches for clients: roots in PEM, and intermediate certificates that clients leave out.",
     .args = {1, 16},
     .occurs = conf::Occurs::kRequired,
     .handle = read_trust},
    {.name = "crl",
     .synopsis = "crl FILE…",
     .summary = "What these authorities have taken back: revocation lists, a current one of each.",
     .args = {1, 16},
     .handle = read_crl},
    {.name = "names",
     .synopsis = "names PATTERN…",
     .summary = "Lets in only clients of whose names one is one of these; all of \"trust\" unless given.",
     .args = {1, 256},
     .handle = read_names},
};

void report(const base::Error& error, const conf::Position& at, conf::Diagnostics& diagnostics) {
  std::string help = error.why;
  if (!error.fix.empty()) help += (help.empty() ? "" : "; ") + error.fix;
  diagnostics.error(error.code, at, error.what, help);
}

base::Result<std::vector<cert::Certificate>> read_trust_file(const std::string& path) {
  GATE_TRY_ASSIGN(const auto text, os::read_file(path, kTrustBytesMax));
  return cert::certificates_from_pem(text, path);
}

base::Result<std::vector<cert::Crl>> read_crl_file(const std::string& path) {
  GATE_TRY_ASSIGN(const auto text, os::read_file(path, kCrlBytesMax));
  return cert::read_crls(text, path);
}

bool load_trust(const ClientCertificateSettings& settings, tls::ClientDemand& demand, conf::Diagnostics& diagnostics) {
  for (const auto& [path, at] : settings.trust) {
    auto certificates = read_trust_file(path);
    if (!certificates) {
      report(certificates.error(), at, diagnostics);
      return false;
    }
    std::ranges::move(*certificates, std::back_inserter(demand.trusted));
  }
  if (std::ranges::any_of(demand.trusted, &cert::Certificate::is_self_issued)) return true;
  diagnostics.error(cert::kNoRoot, settings.trust.front().at, "no root stands in the files of \"trust\"",
                    "a chain ends at a certificate that has signed itself: add it");
  return false;
}

// Whether the list is of one of the authorities. One that is over is told, and not refused: a newer one may be on its
// way.
bool check_crl(const cert::Crl& crl, const tls::ClientDemand& demand, base::WallTime now, const conf::Position& at,
               conf::Diagnostics& diagnostics) {
  const auto signed_by = [&crl](const cert::Certificate& authority) { return crl.is_signed_by(authority); };
  if (std::ranges::none_of(demand.trusted, signed_by)) {
    diagnostics.error(cert::kCannotParseCrl, at, "the revocation list is of no authority in \"trust\"",
                      "add the certificate of the authority that has signed it");
    return false;
  }
  if (crl.next_update() && *crl.next_update() <= now) {
    diagnostics.warning(cert::kCannotParseCrl, at, "the revocation list is out of date, which lets no client in",
                        "fetch the authority's newest; the file is read again when it changes");
  }
  return true;
}

bool load_crls(const ClientCertificateSettings& settings, base::WallTime now, tls::ClientDemand& demand,
               conf::Diagnostics& diagnostics) {
  for (const auto& [path, at] : settings.crls) {
    auto crls = read_crl_file(path);
    if (!crls) {
      report(crls.error(), at, diagnostics);
      return false;
    }
    for (auto& crl : *crls) {
      if (!check_crl(crl, demand, now, at, diagnostics)) return false;
      demand.crls.push_back(std::move(crl));
    }
  }
  return true;
}

}  // namespace

std::optional<ClientCertificateSettings> read_client_certificates(const conf::Statement& statement,
                                                                  conf::Reader& reader) {
  constexpr conf::Choice<bool> kWays[] = {{"require", true}, {"request", false}};
  const auto required = reader.choice(statement.args[0], kWays);
  Draft draft;
  conf::read_block<Draft>(statement, kDirectives, draft, reader);
  if (!required || draft.settings.trust.empty()) return std::nullopt;
  draft.settings.required = *required;
  draft.settings.names = std::make_shared<const std::vector<http::Glob>>(std::move(draft.names));
  return std::move(draft.settings);
}

std::vector<StatementHelp> client_certificate_help() {
  std::vector<StatementHelp> help;
  for (const auto& row : kDirectives) help.push_back({row.name, row.synopsis, row.summary, "client-certificate"});
  return help;
}

std::optional<tls::ClientDemand> load_client_demand(const ClientCertificateSettings& settings, base::WallTime now,
                                                    conf::Diagnostics& diagnostics) {
  tls::ClientDemand demand{.required = settings.required};
  if (!load_trust(settings, demand, diagnostics) || !load_crls(settings, now, demand, diagnostics)) return std::nullopt;
  demand.names_text = settings.names_text;
  if (!settings.names->empty()) {
    demand.names = [names = settings.names](std::string_view name) {
      return std::ranges::any_of(*names, [name](const http::Glob& pattern) { return pattern.matches(name); });
    };
  }
  return demand;
}

void add_files(const ClientCertificateSettings& settings, std::vector<std::string>& files) {
  for (const auto& file : settings.trust) files.push_back(file.path);
  for (const auto& file : settings.crls) files.push_back(file.path);
}

}  // namespace gate::app
