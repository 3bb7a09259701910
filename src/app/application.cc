#include "app/application.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <thread>
#include <utility>

#include "app/codes.h"
#include "app/ech_key_store.h"
#include "app/hand_over.h"
#include "app/hsts_ramp.h"
#include "app/key_log.h"
#include "app/quic_keys.h"
#include "cert/codes.h"
#include "feature/files/files.h"
#include "os/file.h"
#include "os/limits.h"
#include "os/notify.h"
#include "os/privileges.h"
#include "os/user.h"

namespace gate::app {
namespace {

// Descriptors for what is neither a connection nor a cached file: logs, listeners, files being sent.
constexpr std::uint64_t kDescriptorsKept = 256;
constexpr std::uint64_t kDescriptorsWanted = 1'048'576;

base::Error rejected() {
  return {.code = kConfigurationRejected, .side = base::Side::kConfiguration, .what = "the configuration has errors"};
}

std::size_t worker_count(const Settings& settings) {
  if (settings.workers != 0) return settings.workers;
  return std::max(1U, std::thread::hardware_concurrency());
}

ReloadReport compare(const server::Plan& before, const server::Plan& after) {
  ReloadReport report{.generation = after.generation};
  std::map<std::string_view, std::string_view> old;
  for (const auto& site : before.sites) old.emplace(site->name, site->fingerprint);
  for (const auto& site : after.sites) {
    const auto found = old.find(site->name);
    if (found == old.end()) {
      ++report.sites_added;
    } else {
      (found->second == site->fingerprint ? report.sites_kept : report.sites_changed) += 1;
      old.erase(found);
    }
  }
  report.sites_removed = old.size();
  return report;
}

std::string shown(const server::ListenerAddress& address) {
  return address.endpoint.to_string() + (address.role == server::ListenerRole::kQuic ? " (UDP)" : "");
}

}  // namespace

std::string describe(const ReloadReport& report) {
  std::string text;
  const auto part = [&](std::size_t count, std::string_view what) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  };
  part(report.sites_kept, "kept");
  part(report.sites_changed, "changed");
  part(report.sites_added, "added");
  part(report.sites_removed, "removed");
  text = "sites: " + text;
  for (const auto& address : report.addresses_added) text += "; now listening on " + shown(address);
  for (const auto& address : report.addresses_removed) text += "; no longer listening on " + shown(address);
  return text;
}

base::Result<std::unique_ptr<Application>> Application::create(ConfigurationSource source, LoadedConfiguration& loaded,
                                                               const base::Clock& clock) {
  auto application = std::make_unique<Application>(std::move(source), clock);
  GATE_TRY(application->build(loaded));
  return application;
}

Application::Application(ConfigurationSource source, const base::Clock& clock)
    : source_(std::move(source)), clock_(clock), media_types_(files::system_media_types()) {}

Application::~Application() { stop(); }

// The order matters: ports and descriptors need rights, files are better opened without them.
base::Result<void> Application::build(LoadedConfiguration& loaded) {
  const Settings& wanted = loaded.settings;
  started_at_ = clock_.wall();
  settings_.state_folder = wanted.state_folder;
  GATE_TRY_ASSIGN(const auto descriptors, os::raise_descriptor_limit(kDescriptorsWanted));
  descriptor_limit_ = descriptors;
  const std::size_t count = worker_count(wanted);
  listeners_ = Listeners(count);
  GATE_TRY_ASSIGN(auto inherited, os::take_inherited_sockets());
  listeners_.inherit(std::move(inherited));
  GATE_TRY_ASSIGN(auto change, listeners_.prepare(wanted));
  GATE_TRY(os::make_directories(wanted.state_folder, 0750));
  GATE_TRY(change_user(wanted));

  GATE_TRY(open_logs(wanted));
  certificates_ = std::make_unique<Certificates>(wanted.state_folder, clock_);
  internal_ca_.emplace(wanted.state_folder, clock_);
  ticket_keys_.emplace(tls::TicketKeys::generate(random_, clock_.wall()));
  GATE_TRY_ASSIGN(const auto quic_keys, load_quic_keys(wanted.state_folder, random_));
  GATE_TRY(create_workers(count, descriptors, quic_keys));
  GATE_TRY_ASSIGN(auto prepared, prepare(loaded, change));
  take_up_http3(change);
  workers_->adopt(prepared.plan, std::move(prepared.tls));
  listeners_.commit(change);
  GATE_TRY(workers_->listen(std::move(change.added)));
  take_over(std::move(prepared));
  load_on_demand_names();
  return {};
}

// The first client is to find them.
void Application::load_on_demand_names() {
  on_demand_names_.emplace(settings_.state_folder);
  for (const auto& problem : on_demand_names_->load(clock_.wall())) {
    audit(observe::AuditKind::kCertificateProblem, problem.what, problem.code);
  }
  workers_->on_all([this](server::Worker& worker, std::size_t) {
    for (const auto& [name, known] : on_demand_names_->all()) worker.serve_name(name, known.credential);
  });
}

// An ACME server without an authority could only disappoint its clients, one by one.
base::Result<void> Application::check_internal_ca(const Settings& settings) const {
  if (std::ranges::none_of(settings.sites, &SiteSettings::needs_internal_ca)) return {};
  return internal_ca_->check();
}

base::Result<void> Application::open_logs(const Settings& settings) {
  GATE_TRY_ASSIGN(logs_, LogWriter::create(clock_));
  GATE_TRY_ASSIGN(audit_sink_, open_log(settings.audit_log));
  audit_format_ =
      settings.audit_log.kind == LogSettings::Kind::kFile ? observe::AuditFormat::kJson : observe::AuditFormat::kText;
  if (audit_sink_ != observe::LogTarget::kOff) logs_->use_audit(audit_sink_, audit_format_);
  audit_ring_ = std::make_unique<observe::RecordRing>(observe::LogProducer::kRingBytesMin, logs_.get());
  audit_ = std::make_unique<observe::LogProducer>(*audit_ring_, audit_sink_, audit_format_);
  logs_->add_ring(*audit_ring_);
  return {};
}

// The sink of a destination; the same one for equal destinations.
base::Result<std::uint16_t> Application::open_log(const LogSettings& log) {
  switch (log.kind) {
    case LogSettings::Kind::kOff: return observe::LogTarget::kOff;
    case LogSettings::Kind::kStdout: return logs_->open({.kind = LogDestination::Kind::kStdout});
    case LogSettings::Kind::kStderr: return logs_->open({.kind = LogDestination::Kind::kStderr});
    case LogSettings::Kind::kFile: return logs_->open({.kind = LogDestination::Kind::kFile, .path = log.path});
  }
  return observe::LogTarget::kOff;
}

base::Result<void> Application::create_workers(std::size_t count, std::uint64_t descriptors,
                                               const quic::ServerKeys& quic_keys) {
  connection_ids_.emplace(quic_keys.ids);
  const std::uint64_t cached =
      std::min<std::uint64_t>(http::CacheBudget::kDefaultLimit.descriptors, descriptors / (8 * count));
  connections_max_ =
      static_cast<std::uint32_t>(descriptors - cached * count - std::min(kDescriptorsKept, descriptors / 4));
  GATE_TRY_ASSIGN(workers_, WorkerPool::create({.clock = clock_,
                                                .random = random_,
                                                .state_folder = settings_.state_folder,
                                                .log_reader = logs_.get(),
                                                .audit_sink = audit_sink_,
                                                .audit_format = audit_format_,
                                                .media_types = media_types_,
                                                .cache_limit = {.bytes = http::CacheBudget::kDefaultLimit.bytes,
                                                                .descriptors = static_cast<std::size_t>(cached)},
                                                .quic_keys = quic_keys,
                                                .generation = inherited_generation()},
                                               count));
  workers_->routes().use_predecessor(inherited_passage());
  for (auto* ring : workers_->rings()) logs_->add_ring(*ring);
  return {};
}

base::Result<void> Application::change_user(const Settings& settings) {
  if (!os::is_root() || settings.user.empty()) return {};
  GATE_TRY_ASSIGN(auto user, os::find_user(settings.user));
  if (!settings.group.empty()) {
    GATE_TRY_ASSIGN(user.group, os::find_group(settings.group));
    user.groups = {user.group};
  }
  GATE_TRY(os::give_folder(settings.state_folder, user.id, user.group));
  return os::become_user(user, true);
}

// What may fail of HTTP/3 without harm, and is told.
void Application::take_up_http3(const Listeners::Change& change) {
  for (const auto& error : change.left_out) {
    audit(observe::AuditKind::kLimitHit, fmt::format("no HTTP/3: {}", error.what), error.code);
  }
  if (const auto steered = listeners_.steer(change, *connection_ids_); !steered) {
    audit(observe::AuditKind::kLimitHit,
          fmt::format("{}: workers pass QUIC packets on among themselves, which costs time", steered.error().what),
          steered.error().code);
  }
}

bool Application::receive_from_successor(int socket) {
  return workers_->routes().receive_from_successor(socket, *connection_ids_);
}

void Application::start() {
  logs_->start();
  workers_->start();
  audit(observe::AuditKind::kStarted, fmt::format("serving {} sites", settings_.sites.size()));
}

base::Result<Application::Prepared> Application::prepare(LoadedConfiguration& loaded, const Listeners::Change& change) {
  GATE_TRY(check_internal_ca(loaded.settings));
  GATE_TRY_ASSIGN(auto credentials, certificates_->load(loaded.settings, loaded.diagnostics));
  if (!loaded.good()) return base::fail(rejected());
  tell_unusable(credentials);
  if (!loaded.settings.qlog_folder.empty()) GATE_TRY(os::make_directories(loaded.settings.qlog_folder, 0700));
  Prepared prepared;
  if (const auto& outer_name = loaded.settings.ech.outer_name; !outer_name.empty()) {
    GATE_TRY_ASSIGN(auto keys, load_ech_keys(settings_.state_folder, outer_name, clock_.wall()));
    prepared.ech_keys.emplace(std::move(keys));
  }
  const tls::EchKeys* ech_keys = prepared.ech_keys ? &*prepared.ech_keys : nullptr;
  GATE_TRY_ASSIGN(prepared.tls, make_contexts(loaded.settings, credentials, ech_keys));
  PlanInputs inputs{
      .generation = generation_ + 1,
      .workers = static_cast<std::uint32_t>(workers_->size()),
      .connections_max = loaded.settings.connections_max != 0 ? loaded.settings.connections_max : connections_max_,
      .https_port = change.https_port,
      .http3_port = change.http3_port,
      .proxy_protocol = change.proxy_protocol,
      .challenges = challenges_};
  GATE_TRY_ASSIGN(inputs.access_log, log_target(loaded.settings.access_log));
  for (const auto& site : loaded.settings.sites) {
    GATE_TRY_ASSIGN(const auto target, log_target(site.access_log.value_or(loaded.settings.access_log)));
    inputs.site_logs.push_back(target);
    GATE_TRY_ASSIGN(const auto began, hsts_began(site));
    inputs.hsts_began.push_back(began);
  }
  prepared.plan = build_plan(loaded.settings, inputs, numbers_);
  prepared.credentials = std::move(credentials);
  prepared.settings = std::move(loaded.settings);
  ++generation_;
  return prepared;
}

base::Result<observe::LogTarget> Application::log_target(const LogSettings& log) {
  GATE_TRY_ASSIGN(const auto sink, open_log(log));
  return observe::LogTarget{.sink = sink, .format = log.format};
}

base::Result<base::WallTime> Application::hsts_began(const SiteSettings& site) const {
  if (site.security.hsts.mode != security::HstsPolicy::Mode::kRamp) return base::WallTime{};
  return hsts_ramp_began(settings_.state_folder, site.name(), clock_.wall());
}

base::Result<std::vector<std::shared_ptr<tls::ServerContext>>> Application::make_contexts(
    const Settings& settings, const std::vector<SiteCredentials>& credentials, const tls::EchKeys* ech_keys) const {
  std::vector<std::shared_ptr<tls::ServerContext>> contexts;
  for (std::size_t worker = 0; worker < workers_->size(); ++worker) {
    GATE_TRY_ASSIGN(auto key_log, open_key_log(settings.key_log));
    auto tls = tls_settings(settings, credentials, *ticket_keys_, std::move(key_log));
    if (ech_keys) tls.ech_keys.emplace(*ech_keys);
    GATE_TRY_ASSIGN(auto context, tls::ServerContext::create(tls));
    contexts.push_back(std::move(context));
  }
  return contexts;
}

// What is in force from now on.
void Application::take_over(Prepared prepared) {
  plan_ = std::move(prepared.plan);
  settings_ = std::move(prepared.settings);
  credentials_ = std::move(prepared.credentials);
  ech_keys_.reset();
  if (prepared.ech_keys) ech_keys_.emplace(*prepared.ech_keys);
}

base::Result<ReloadReport> Application::reload(std::string& report) {
  const conf::SystemEnvironment environment;
  auto loaded = load_configuration(source_, environment);
  const auto reject = [&](base::Error error) {
    report = loaded.good() ? base::render(error) + "\n" : loaded.report();
    // A signal has nobody to answer to: the first mistake is shown here, the whole report to who asked by a command.
    const std::string_view first = std::string_view(report).substr(0, report.find('\n'));
    const std::string text = loaded.good() ? error.what : fmt::format("{}: {}", error.what, first);
    audit(observe::AuditKind::kConfigurationRejected, text, error.code);
    return base::fail(std::move(error));
  };
  if (!loaded.good()) return reject(rejected());
  if (auto error = unchangeable(loaded.settings)) return reject(*std::move(error));
  auto change = listeners_.prepare(loaded.settings);
  if (!change) return reject(std::move(change).error());
  auto prepared = prepare(loaded, *change);
  if (!prepared) return reject(std::move(prepared).error());
  report = loaded.report();

  // From here on nothing can fail.
  ReloadReport result = compare(*plan_, *prepared->plan);
  for (const auto& socket : change->added.front()) result.addresses_added.push_back({socket.address, socket.role});
  result.addresses_removed = change->removed;
  workers_->adopt(prepared->plan, std::move(prepared->tls));
  take_up_http3(*change);
  listeners_.commit(*change);
  workers_->stop_listening(change->removed);
  GATE_TRY(workers_->listen(std::move(change->added)));
  take_over(*std::move(prepared));
  audit(observe::AuditKind::kConfigurationChanged, describe(result));
  return result;
}

// What a running process cannot change any more. Said instead of silently ignored.
std::optional<base::Error> Application::unchangeable(const Settings& settings) const {
  const auto refuse = [](std::string_view what) {
    return base::Error{.code = kNeedsRestart,
                       .side = base::Side::kConfiguration,
                       .what = fmt::format("{} cannot change while the server runs", what),
                       .why = "it is decided when the process starts",
                       .fix = "stop the server and start it again"};
  };
  if (settings.state_folder != settings_.state_folder) return refuse("the state folder");
  if (worker_count(settings) != workers_->size()) return refuse("the number of workers");
  if (settings.user != settings_.user || settings.group != settings_.group) return refuse("the user");
  if (settings.admin_socket != settings_.admin_socket || settings.admin != settings_.admin)
    return refuse("the admin socket");
  if (settings.metrics != settings_.metrics) return refuse("the address of the metrics");
  if (settings.audit_log != settings_.audit_log) return refuse("the audit log");
  return std::nullopt;
}

base::Result<void> Application::refresh_certificates(std::string& report) {
  const conf::SystemEnvironment environment;
  LoadedConfiguration checked;
  const auto keep = [&](base::Error error) {
    report = checked.good() ? base::render(error) + "\n" : checked.report();
    const auto code = checked.good() ? error.code : checked.diagnostics.shown().front().code;
    // What is due is tried again every few seconds; the log is told once.
    if (std::exchange(certificate_problem_, report) != report)
      audit(observe::AuditKind::kCertificateProblem, report, code);
    return base::fail(std::move(error));
  };
  auto credentials = certificates_->load(settings_, checked.diagnostics);
  if (!credentials) return keep(std::move(credentials).error());
  if (!checked.good()) return keep(rejected());
  auto contexts = make_contexts(settings_, *credentials, ech_keys());
  if (!contexts) return keep(std::move(contexts).error());
  workers_->adopt(plan_, *std::move(contexts));
  credentials_ = *std::move(credentials);
  certificate_problem_.clear();
  audit(observe::AuditKind::kCertificateLoaded, "certificates were read or renewed");
  return {};
}

void Application::look_after_internal_ca() {
  internal_ca_->look([this](const base::Error& error) {
    audit(observe::AuditKind::kCertificateProblem, base::render(error), error.code);
  });
}

base::Result<void> Application::keep_issued(const std::string& site, const cert::Credential& credential) {
  return certificates_->keep_issued(site, credential);
}

// Stored certificates of authorities that are not good any more do not keep the others from being served.
void Application::tell_unusable(const std::vector<SiteCredentials>& credentials) {
  for (const auto& site : credentials) {
    for (const auto& problem : site.problems) {
      audit(observe::AuditKind::kCertificateProblem, problem.what, problem.code);
    }
  }
}

bool Application::renewal_is_due() const {
  const auto now = clock_.wall();
  return std::ranges::any_of(credentials_, [&](const SiteCredentials& site) { return site.is_due(now); });
}

void Application::note_revoked(const std::string& site, std::string_view text) {
  for (std::size_t i = 0; i < credentials_.size(); ++i) {
    if (settings_.sites[i].name() == site) credentials_[i].revoked = true;
  }
  audit(observe::AuditKind::kCertificateProblem, fmt::format("{}: {}", site, text), cert::kRevoked);
}

void Application::rotate_ticket_keys() {
  auto rotated = ticket_keys_->rotated(random_, clock_.wall());
  ticket_keys_.reset();
  ticket_keys_.emplace(rotated);
  workers_->use_ticket_keys(*ticket_keys_);
}

void Application::rotate_ech_keys() {
  const auto rotated = ech_keys_->rotated(clock_.wall());
  // A key that a restart would forget is not published.
  if (const auto saved = save_ech_keys(settings_.state_folder, rotated); !saved) {
    if (std::exchange(ech_problem_, saved.error().what) != saved.error().what)
      audit(observe::AuditKind::kCertificateProblem, saved.error().what, saved.error().code);
    return;
  }
  ech_problem_.clear();
  ech_keys_.reset();
  ech_keys_.emplace(rotated);
  workers_->use_ech_keys(*ech_keys_);
  audit(observe::AuditKind::kCertificateRenewed,
        settings_.ech.publish
            ? "Encrypted Client Hello has a new key, which the HTTPS records get now"
            : "Encrypted Client Hello has a new key: publish what \"gate443 ech record NAME\" prints");
}

void Application::drain(bool hand_over, const std::function<void()>& drained) {
  audit(observe::AuditKind::kStopping, hand_over ? "a new process takes over" : "stopping");
  workers_->drain(hand_over, drained);
}

void Application::stop() {
  if (!workers_ || !logs_) return;
  workers_->stop();
  audit(observe::AuditKind::kStopped, "stopped");
  logs_->stop();
}

void Application::audit(observe::AuditKind kind, std::string_view text, base::ErrorCode code) {
  audit_->record({.kind = kind, .time = clock_.wall(), .code = code, .text = text, .site = {}, .peer = {}});
}

}  // namespace gate::app
