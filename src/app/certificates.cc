#include "app/certificates.h"

#include <utility>

#include "app/client_certificates.h"
#include "cert/issue.h"
#include "os/file.h"

namespace gate::app {
namespace {

constexpr std::size_t kPemBytesMax = 1024 * 1024;

base::Result<cert::Credential> read_files(const CertificateFiles& files, const SiteSettings& site, base::WallTime now) {
  GATE_TRY_ASSIGN(const auto chain, os::read_file(files.certificate, kPemBytesMax));
  GATE_TRY_ASSIGN(const auto key, os::read_file(files.key, kPemBytesMax));
  return cert::load_credential(
      {.chain_pem = chain, .key_pem = key, .chain_origin = files.certificate, .key_origin = files.key},
      certificate_names(site), now);
}

void report(const base::Error& error, const conf::Position& at, conf::Diagnostics& diagnostics) {
  std::string help = error.why;
  if (!error.fix.empty()) help += (help.empty() ? "" : "; ") + error.fix;
  diagnostics.error(error.code, at, error.what, help);
}

}  // namespace

std::vector<std::string> certificate_names(const SiteSettings& site) {
  std::vector<std::string> names;
  const bool on_demand = site.acme && site.acme->on_demand;
  for (const auto& name : site.names) {
    if (!on_demand || name.kind != conf::HostName::Kind::kWildcard) names.push_back(name.name);
  }
  return names;
}

Certificates::Certificates(std::string state_folder, const base::Clock& clock)
    : state_folder_(std::move(state_folder)),
      clock_(clock),
      store_(state_folder_ + "/certificates/local"),
      authority_store_(state_folder_ + "/certificates/acme") {}

base::Result<std::vector<SiteCredentials>> Certificates::load(const Settings& settings,
                                                              conf::Diagnostics& diagnostics) {
  std::vector<SiteCredentials> all;
  for (const auto& site : settings.sites) {
    SiteCredentials found;
    for (const auto& files : site.certificates) {
      auto credential = read_files(files, site, clock_.wall());
      if (credential) {
        found.credentials.push_back(*std::move(credential));
      } else {
        report(credential.error(), files.at, diagnostics);
      }
    }
    if (site.local_certificate) {
      GATE_TRY_ASSIGN(auto credential, local(site));
      found.valid_from = credential.leaf().not_before();
      found.renewal = cert::renewal_time(credential.leaf());
      found.credentials.push_back(std::move(credential));
    }
    if (site.acme && !certificate_names(site).empty()) found = issued(site);
    if (site.clients) found.clients = load_client_demand(*site.clients, clock_.wall(), diagnostics);
    all.push_back(std::move(found));
  }
  return all;
}

void check_certificate_files(const Settings& settings, base::WallTime now, conf::Diagnostics& diagnostics) {
  for (const auto& site : settings.sites) {
    for (const auto& files : site.certificates) {
      if (const auto credential = read_files(files, site, now); !credential)
        report(credential.error(), files.at, diagnostics);
    }
    if (site.clients) static_cast<void>(load_client_demand(*site.clients, now, diagnostics));
  }
}

std::vector<std::string> Certificates::watched_files(const Settings& settings) {
  std::vector<std::string> files;
  for (const auto& site : settings.sites) {
    for (const auto& pair : site.certificates) {
      files.push_back(pair.certificate);
      files.push_back(pair.key);
    }
    if (site.clients) add_files(*site.clients, files);
  }
  return files;
}

base::Result<cert::LocalCa*> Certificates::local_ca() {
  if (!local_ca_) {
    GATE_TRY_ASSIGN(auto opened, cert::LocalCa::open_or_create(ca_folder(), clock_.wall()));
    local_ca_ = std::make_unique<cert::LocalCa>(std::move(opened));
  }
  return local_ca_.get();
}

// The leaf on disk as long as it is good: covers the names, is not due, and was signed by the authority of today.
base::Result<cert::Credential> Certificates::local(const SiteSettings& site) {
  GATE_TRY_ASSIGN(cert::LocalCa * authority, local_ca());
  const auto names = certificate_names(site);
  auto stored = store_.load(site.name());
  if (stored && *stored) {
    const auto& leaf = (*stored)->leaf();
    const auto now = clock_.wall();
    const bool good =
        cert::uncovered_names(leaf, names).empty() && now < cert::renewal_time(leaf) && now >= leaf.not_before();
    bool ours = false;
    for (const auto& root : authority->roots()) ours = ours || leaf.is_signed_by(root.certificate);
    if (good && ours) return std::move(**stored);
  }
  GATE_TRY_ASSIGN(auto issued, authority->issue(names, clock_.wall()));
  GATE_TRY(store_.save(site.name(), issued));
  return issued;
}

base::Result<void> Certificates::keep_issued(const std::string& site, const cert::Credential& credential) const {
  return authority_store_.save(site, credential);
}

// As long as it is valid; names that it lacks are ordered, and the others are served meanwhile. A stand-in lives for
// this process only, and no root vouches for it: nobody shall get used to trusting it.
SiteCredentials Certificates::issued(const SiteSettings& site) {
  constexpr std::chrono::days kStandInLife{30};
  SiteCredentials found;
  const auto names = certificate_names(site);
  const auto now = clock_.wall();
  auto opened = authority_store_.open(site.name());
  if (!opened) {
    found.problems.push_back(std::move(opened).error());
  } else {
    found.problems = std::move(opened->damages);
    if (opened->credential && now < opened->credential->leaf().not_after()) {
      found.lacks_names = !cert::uncovered_names(opened->credential->leaf(), names).empty();
      found.credentials.push_back(*std::move(opened->credential));
      return found;
    }
  }
  found.is_stand_in = true;
  auto key = cert::PrivateKey::generate();
  auto certificate = cert::make_self_signed(key, names, {now - std::chrono::hours(1), now + kStandInLife});
  found.credentials.push_back({.chain = {std::move(certificate)}, .key = std::move(key)});
  return found;
}

}  // namespace gate::app
