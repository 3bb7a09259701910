#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "alert/settings.h"
#include "app/acme_settings.h"
#include "app/ech_settings.h"
#include "base/ip.h"
#include "conf/reader.h"
#include "conf/tree.h"
#include "feature/security/security.h"
#include "http/exchange.h"
#include "http/glob.h"
#include "http/limits.h"
#include "http/service.h"
#include "http/trusted_proxies.h"
#include "observe/access_record.h"
#include "observe/field_selection.h"
#include "quic/connection.h"
#include "server/pass_table.h"

namespace gate::app {

// Where lines go.
struct LogSettings {
  enum class Kind : std::uint8_t { kOff, kStdout, kStderr, kFile };
  Kind kind = Kind::kOff;
  std::string path;
  observe::AccessFormat format = observe::AccessFormat::kJson;

  friend bool operator==(const LogSettings&, const LogSettings&) = default;
};

// A certificate of the user's own and its key.
struct CertificateFiles {
  std::string certificate;
  std::string key;
  conf::Position at{};  // for what is found wrong when they are read
};

// `client-certificate` of a site, checked; its files are read with the certificates.
struct ClientCertificateSettings {
  struct File {
    std::string path;
    conf::Position at{};
  };
  bool required = true;
  std::vector<File> trust;
  std::vector<File> crls;
  std::vector<std::string> names_text;  // as they were written; none: whoever "trust" vouches for
  std::shared_ptr<const std::vector<http::Glob>> names;
};

// One `site` block, checked.
struct SiteSettings {
  std::vector<conf::HostName> names;
  conf::Position at{};
  bool is_default = false;
  bool clear_allowed = false;
  bool local_certificate = false;    // from the local CA
  bool needs_internal_ca = false;    // it is an ACME server
  std::optional<AcmeSettings> acme;  // from a certificate authority
  std::vector<CertificateFiles> certificates;
  std::optional<ClientCertificateSettings> clients;  // what they must prove themselves with
  std::uint16_t tls_version_min = 0;                 // 0: the policy's default
  bool http2 = true;
  bool http3 = true;
  bool early_data = false;
  std::optional<LogSettings> access_log;  // else the server's
  observe::FieldSelection log_fields;
  std::unique_ptr<const http::ServicePlan> service;  // its statements; what all sites have is put before them later
  security::SecurityPolicy security;
  std::shared_ptr<const http::ErrorPages> error_pages;
  std::string rule;  // its first statement that answers, "files /srv/www", for the first screen
  std::string text;  // its statements in canonical form: and marks of the files they name: equal texts mean equal sites

  std::string name() const { return names.front().name; }
};

// Addresses at which proxies say for whom they connect.
struct ProxyProtocolSettings {
  struct Address {
    base::Endpoint endpoint;
    conf::Position at{};
  };
  std::vector<Address> addresses;  // empty: all of HTTPS and HTTP
  std::vector<base::Cidr> proxies;

  bool covers(const base::Endpoint& address) const;
};

// One `pass` statement, checked.
struct PassSettings {
  std::shared_ptr<const server::PassPlan> plan;
  conf::Position at{};
};

// Whether HTTP/3 is served.
enum class Http3Mode : std::uint8_t {
  kOn,
  kOptional,  // where its port can be had
  kOff,
};

// A whole configuration, checked and typed. Nothing in it refers to the tree it was read from.
struct Settings {
  std::string state_folder;
  std::vector<base::Endpoint> https;
  std::vector<base::Endpoint> http;
  Http3Mode http3 = Http3Mode::kOn;
  std::vector<base::Endpoint> without_http3;  // addresses of HTTPS that have none
  quic::CongestionControl congestion = quic::CongestionControl::kCubic;
  std::string qlog_folder;  // empty: none
  EchSettings ech;
  std::uint32_t workers = 0;  // 0: one a core
  std::string user;           // whom to become when started as root; empty: stay root
  std::string group;
  bool admin = true;
  std::string admin_socket;
  std::optional<base::Endpoint> metrics;
  LogSettings access_log;
  LogSettings audit_log{.kind = LogSettings::Kind::kStderr, .path = {}};
  std::string key_log;  // empty: none
  std::string email;    // whom authorities may write to; empty: nobody
  AcmeSettings acme;    // of sites that say nothing else
  alert::Settings alerts;
  std::optional<ProxyProtocolSettings> proxy_protocol;
  http::TrustedProxies trusted_proxies;
  std::vector<PassSettings> passes;
  http::Limits limits;
  std::uint32_t connections_max = 0;  // 0: what the limit of descriptors allows
  std::uint32_t connections_per_address_max = 4096;
  std::vector<SiteSettings> sites;
};

}  // namespace gate::app
