#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/build_plan.h"
#include "app/certificates.h"
#include "app/challenge_table.h"
#include "app/configuration_source.h"
#include "app/internal_ca_care.h"
#include "app/listeners.h"
#include "app/log/log_writer.h"
#include "app/on_demand/on_demand_names.h"
#include "app/settings.h"
#include "app/worker_pool.h"
#include "base/clock.h"
#include "http/media_type.h"
#include "observe/audit.h"
#include "os/random.h"

namespace gate::app {

// What a reload did.
struct ReloadReport {
  std::uint64_t generation = 0;
  std::size_t sites_added = 0;
  std::size_t sites_changed = 0;
  std::size_t sites_kept = 0;
  std::size_t sites_removed = 0;
  std::vector<server::ListenerAddress> addresses_added{};
  std::vector<server::ListenerAddress> addresses_removed{};
};

// "3 sites kept, 1 changed; now listening on 0.0.0.0:8443"
std::string describe(const ReloadReport& report);

// The server as one thing: settings, certificates, listeners, logs and workers, built from a configuration and changed
// by reloads that either succeed as a whole or leave everything as it was. Control thread only.
class Application {
 public:
  // Builds everything up to threads that have not been started, drops privileges on the way. `loaded` is good; what is
  // wrong with certificates is added to its diagnostics, and then the error is kConfigurationRejected.
  static base::Result<std::unique_ptr<Application>> create(ConfigurationSource source, LoadedConfiguration& loaded,
                                                           const base::Clock& clock);

  Application(ConfigurationSource source, const base::Clock& clock);
  ~Application();

  void start();

  // Reads the configuration anew and changes what differs. On failure nothing has changed; `report` shows why.
  base::Result<ReloadReport> reload(std::string& report);

  // Renews what is due and reads changed files; certificates that cannot be used leave the old ones in place.
  base::Result<void> refresh_certificates(std::string& report);
  bool renewal_is_due() const;

  // The authority has taken a certificate of the site back.
  void note_revoked(const std::string& site, std::string_view text);

  // Keeps what an authority has issued for a site; refresh_certificates() serves it.
  base::Result<void> keep_issued(const std::string& site, const cert::Credential& credential);

  void rotate_ticket_keys();
  // Makes a new key of Encrypted Client Hello and keeps it; the old ones still open.
  void rotate_ech_keys();
  bool ech_rotation_is_due() const { return ech_keys_ && ech_keys_->rotation_is_due(clock_.wall()); }
  // Null: names come in clear.
  const tls::EchKeys* ech_keys() const { return ech_keys_ ? &*ech_keys_ : nullptr; }

  bool ticket_rotation_is_due() const { return ticket_keys_->rotation_is_due(clock_.wall()); }

  // Keeps up what the internal authority has published.
  void look_after_internal_ca();

  // Takes QUIC's packets that a successor has received for connections that are still here. False when it is gone.
  bool receive_from_successor(int socket);

  // Takes no new connections; `drained` is called on another thread when the last has ended.
  void drain(bool hand_over, const std::function<void()>& drained);
  void stop();

  void audit(observe::AuditKind kind, std::string_view text, base::ErrorCode code = {});
  void reopen_logs() { logs_->reopen(); }

  const base::Clock& clock() const { return clock_; }
  const Settings& settings() const { return settings_; }
  const Certificates& certificates() const { return *certificates_; }
  base::Random& random() { return random_; }
  const std::vector<SiteCredentials>& credentials() const { return credentials_; }
  const Listeners& listeners() const { return listeners_; }
  const ConfigurationSource& source() const { return source_; }
  const WorkerPool& workers() const { return *workers_; }
  WorkerPool& workers() { return *workers_; }
  ChallengeTable& challenges() { return challenges_; }
  // Names that have got their certificate on demand.
  OnDemandNames& on_demand_names() { return *on_demand_names_; }
  const OnDemandNames& on_demand_names() const { return *on_demand_names_; }
  const LogWriter& logs() const { return *logs_; }
  const SiteNumbers& site_numbers() const { return numbers_; }
  std::uint64_t generation() const { return generation_; }
  base::WallTime started_at() const { return started_at_; }
  std::uint64_t descriptor_limit() const { return descriptor_limit_; }

 private:
  // Everything that follows from a configuration, before it is in force.
  struct Prepared {
    Settings settings;
    std::vector<SiteCredentials> credentials;
    std::vector<std::shared_ptr<tls::ServerContext>> tls;
    std::shared_ptr<const server::Plan> plan;
    std::optional<tls::EchKeys> ech_keys;
  };

  base::Result<void> build(LoadedConfiguration& loaded);
  void load_on_demand_names();
  base::Result<Prepared> prepare(LoadedConfiguration& loaded, const Listeners::Change& change);
  base::Result<std::vector<std::shared_ptr<tls::ServerContext>>> make_contexts(
      const Settings& settings, const std::vector<SiteCredentials>& credentials, const tls::EchKeys* ech_keys) const;
  void take_over(Prepared prepared);
  base::Result<void> check_internal_ca(const Settings& settings) const;
  base::Result<void> open_logs(const Settings& settings);
  base::Result<void> create_workers(std::size_t count, std::uint64_t descriptors, const quic::ServerKeys& quic_keys);
  void tell_unusable(const std::vector<SiteCredentials>& credentials);
  void take_up_http3(const Listeners::Change& change);
  base::Result<void> change_user(const Settings& settings);
  std::optional<base::Error> unchangeable(const Settings& settings) const;
  base::Result<std::uint16_t> open_log(const LogSettings& log);
  base::Result<observe::LogTarget> log_target(const LogSettings& log);
  base::Result<base::WallTime> hsts_began(const SiteSettings& site) const;

  ConfigurationSource source_;
  const base::Clock& clock_;
  os::SystemRandom random_;
  base::WallTime started_at_;
  std::uint64_t generation_ = 0;
  std::uint64_t descriptor_limit_ = 0;
  std::uint32_t connections_max_ = 0;
  Settings settings_;
  std::unique_ptr<Certificates> certificates_;
  std::vector<SiteCredentials> credentials_;
  std::optional<OnDemandNames> on_demand_names_;
  std::optional<InternalCaCare> internal_ca_;
  std::optional<tls::TicketKeys> ticket_keys_;
  std::optional<tls::EchKeys> ech_keys_;
  SiteNumbers numbers_;
  const http::MediaTypes media_types_;
  ChallengeTable challenges_;
  std::unique_ptr<LogWriter> logs_;
  std::string ech_problem_;          // the last one told, until keys can be kept again
  std::string certificate_problem_;  // the last one told, until they are good again
  std::uint16_t audit_sink_ = observe::LogTarget::kOff;
  observe::AuditFormat audit_format_ = observe::AuditFormat::kText;
  std::unique_ptr<observe::RecordRing> audit_ring_;
  std::unique_ptr<observe::LogProducer> audit_;
  std::shared_ptr<const server::Plan> plan_;
  std::unique_ptr<WorkerPool> workers_;
  Listeners listeners_{0};
  std::optional<quic::ConnectionIdCodec> connection_ids_;
};

}  // namespace gate::app
