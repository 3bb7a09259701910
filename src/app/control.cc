#include "app/control.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <span>
#include <utility>

#include "app/codes.h"
#include "app/exit_code.h"
#include "observe/audit.h"
#include "os/file.h"

namespace gate::app {
namespace {

constexpr std::array kSignals{SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};

// Keys and certificates are written one after the other: wait until nothing has changed for this long.
constexpr std::chrono::milliseconds kSettleTime{250};

// How often the calendar and the workers are looked at. Not a timer for the date itself, which may be jumped over when
// the clock is set.
constexpr std::chrono::seconds kMaintenance{10};
// What is issued is served at once where that takes no longer than this; else the rest is this many times as long.
constexpr std::chrono::milliseconds kQuickRefresh{50};
constexpr int kRestAfterRefresh = 9;

}  // namespace

base::Result<std::unique_ptr<Control>> Control::create(const base::Clock& clock) {
  os::ignore_broken_pipes();
  GATE_TRY_ASSIGN(auto signals, os::SignalReceiver::create(kSignals));
  GATE_TRY_ASSIGN(auto files, os::FileWatcher::create());
  GATE_TRY_ASSIGN(auto loop, loop::Loop::create(clock));
  return std::make_unique<Control>(std::move(loop), std::move(signals), std::move(files));
}

Control::Control(std::unique_ptr<loop::Loop> loop, os::SignalReceiver signals, os::FileWatcher files)
    : loop_(std::move(loop)),
      signals_(std::move(signals)),
      files_(std::move(files)),
      manager_(os::ServiceManager::from_environment()),
      signal_source_([this] {
        while (const auto number = signals_.next()) on_signal(*number);
      }),
      file_source_([this] { on_files_changed(); }),
      child_source_([this] { child_spoke(); }),
      passage_source_([this] { take_from_successor(); }),
      maintenance_([this] { maintain(); }),
      change_settled_([this] { act_on_changes(); }),
      issued_waits_([this] { static_cast<void>(refresh_certificates()); }),
      drain_deadline_([this] { loop_->stop(); }),
      progress_([this] { tell_progress(); }) {}

Control::~Control() = default;

base::Result<void> Control::begin_watch() {
  GATE_TRY_ASSIGN(outside_, client::LoopContext::create(*loop_, application_->random()));
  RevocationListener& listener = *this;
  revocation_.emplace(outside_->context(), application_->clock(), listener,
                      application_->settings().state_folder + "/ocsp");
  alarms_.emplace(*application_, outside_->context(),
                  [this](std::span<const alert::Problem> problems) { board_->publish_alarms(problems); });
  certificates_in_use_changed();
  return {};
}

void Control::certificates_in_use_changed() {
  revocation_->adopt(application_->settings(), application_->credentials());
  alarms_->look_soon();
  board_->publish();
}

void Control::revoked(const std::string& site, std::string_view text) {
  application_->note_revoked(site, text);
  if (issuance_) issuance_->note_revoked(site);
  alarms_->look_soon();
  board_->publish();
}

void Control::stapled(std::shared_ptr<const tls::Staples> staples) { application_->workers().use_staples(staples); }

void Control::begin_issuance() {
  IssuanceListener& listener = *this;
  http_solver_.emplace(application_->challenges(), *loop_);
  alpn_solver_.emplace(application_->workers(), *loop_);
  dns_solvers_.emplace(outside_->context(), [this](const base::Error& error) {
    audit(observe::AuditKind::kCertificateProblem, error.what, error.code);
  });
  issuance_.emplace(Issuance::Environment{.outside = outside_->context(),
                                          .random = application_->random(),
                                          .listener = listener,
                                          .solvers = {&*http_solver_, &*alpn_solver_},
                                          .dns_solvers = *dns_solvers_},
                    application_->settings().state_folder);
  issuance_->adopt(application_->settings(), application_->credentials());
  on_demand_.emplace(OnDemandIssuance::Environment{.outside = outside_->context(),
                                                   .workers = application_->workers(),
                                                   .names = application_->on_demand_names(),
                                                   .issuance = *issuance_,
                                                   .listener = listener,
                                                   .changed =
                                                       [this] {
                                                         alarms_->look_soon();
                                                         board_->publish();
                                                       }},
                     application_->settings());
  errands_.emplace(*issuance_, *dns_solvers_, listener);
}

// A worker has a handshake for a name that it has no certificate of.
void Control::seek_certificate(const std::string& name) {
  if (on_demand_) on_demand_->seek(name);
}

void Control::begin_publishing() {
  ech_publisher_.emplace(
      dns::Context{outside_->context().loop(), application_->random()}, application_->clock(),
      [this](std::string_view text, base::ErrorCode code) {
        const bool good = code == base::ErrorCode{};
        audit(good ? observe::AuditKind::kCertificateRenewed : observe::AuditKind::kCertificateProblem, text, code);
      });
  ech_publisher_->adopt(application_->settings(), application_->ech_keys());
}

// Orders that are under way are begun anew by the process that comes next.
void Control::end_issuance() {
  ech_publisher_.reset();
  http_solver_.reset();
  alpn_solver_.reset();
  dns_solvers_.reset();
  on_demand_.reset();
  errands_.reset();
  issuance_.reset();
}

base::Result<void> Control::issued(const std::string& site, const cert::Credential& credential) {
  if (on_demand_ && on_demand_->takes(site)) return on_demand_->take(site, credential);
  GATE_TRY(application_->keep_issued(site, credential));
  const base::Instant now = application_->clock().now();
  if (now >= serve_issued_from_) return refresh_certificates();
  loop_->arm(issued_waits_, loop_->now() + (serve_issued_from_ - now));
  return {};
}

void Control::renewal_wanted(const std::string& name) {
  if (on_demand_) on_demand_->check_renewal(name);
}

void Control::audit(observe::AuditKind kind, std::string_view text, base::ErrorCode code) {
  application_->audit(kind, text, code);
  if (issuance_) board_->publish_orders(issuance_->orders());
}

base::Result<void> Control::begin(Application& application, StatusBoard& board, bool watch) {
  application_ = &application;
  board_ = &board;
  watch_configuration_ = watch && application.source().is_file();
  application.workers().names().connect(
      [this](const std::string& name) { post([this, name] { seek_certificate(name); }); });
  GATE_TRY(loop_->watch(signals_.fd(), signal_source_, loop::Loop::Mode::kLevel));
  GATE_TRY(loop_->watch(files_.fd(), file_source_, loop::Loop::Mode::kLevel));
  return begin_watch();
}

int Control::run() {
  watch_files();
  begin_issuance();
  begin_publishing();
  note_changes_while_starting();
  act_on_changes();
  maintain();
  announce_readiness();
  // A service manager that cannot be reached has its own deadline for us; serving goes on.
  [[maybe_unused]] const auto told =
      manager_.ready(fmt::format("serving {} sites", application_->settings().sites.size()));
  loop_->run();
  end_issuance();
  if (!drained_) application_->workers().discard_connections();
  if (stop_call_) stop_call_->answer({{"drained", drained_}});
  stop_call_.reset();
  return to_int(Exit::kFine);
}

void Control::on_signal(int number) {
  std::string report;
  switch (number) {
    // What is wrong with a configuration is in the audit log.
    case SIGHUP: static_cast<void>(reload(report)); return;
    case SIGUSR1: application_->reopen_logs(); return;
    case SIGUSR2: upgrade(nullptr); return;
    default:
      if (stopping_) {
        loop_->stop();
      } else {
        stop(nullptr);
      }
  }
}

base::Result<ReloadReport> Control::reload(std::string& report) {
  [[maybe_unused]] const auto told = manager_.reloading();
  auto result = application_->reload(report);
  certificates_in_use_changed();
  if (issuance_) issuance_->adopt(application_->settings(), application_->credentials());
  if (ech_publisher_) ech_publisher_->adopt(application_->settings(), application_->ech_keys());
  if (on_demand_) on_demand_->adopt(application_->settings());
  watch_files();
  [[maybe_unused]] const auto ready =
      manager_.ready(result ? describe(*result) : "the last reload was refused: " + result.error().what);
  return result;
}

// All are read anew, which takes seconds where there are thousands: then what is issued meanwhile waits, so that most
// of the time is left for other things.
base::Result<void> Control::refresh_certificates() {
  const base::Clock& clock = application_->clock();
  const base::Instant began = clock.now();
  std::string report;
  auto refreshed = application_->refresh_certificates(report);
  certificates_in_use_changed();
  const base::Duration took = clock.now() - began;
  if (took > kQuickRefresh) serve_issued_from_ = clock.now() + kRestAfterRefresh * took;
  return refreshed;
}

// Files are read before they are watched; what was written in between is told by no event.
void Control::note_changes_while_starting() {
  const auto is_newer = [this](const std::string& path) {
    const auto facts = os::inspect(path);
    return facts && facts->modified > application_->started_at();
  };
  configuration_changed_ = watch_configuration_ && is_newer(application_->source().path);
  certificates_changed_ = std::ranges::any_of(Certificates::watched_files(application_->settings()), is_newer);
}

// The user's own certificates always, the configuration with --watch.
void Control::watch_files() {
  auto files = Certificates::watched_files(application_->settings());
  if (watch_configuration_) files.push_back(application_->source().path);
  if (const auto watched = files_.watch(files); !watched) {
    application_->audit(observe::AuditKind::kCertificateProblem, watched.error().what, watched.error().code);
  }
}

void Control::on_files_changed() {
  for (const auto& path : files_.changed()) {
    (path == application_->source().path ? configuration_changed_ : certificates_changed_) = true;
  }
  if (configuration_changed_ || certificates_changed_) loop_->arm(change_settled_, loop_->now() + kSettleTime);
}

void Control::act_on_changes() {
  const bool configuration = std::exchange(configuration_changed_, false);
  const bool certificates = std::exchange(certificates_changed_, false);
  std::string report;
  if (configuration) {
    static_cast<void>(reload(report));  // reads the certificates too
  } else if (certificates) {
    static_cast<void>(refresh_certificates());
  }
}

void Control::maintain() {
  loop_->arm(maintenance_, loop_->now() + kMaintenance);
  if (stopping_) return;
  if (application_->ticket_rotation_is_due()) application_->rotate_ticket_keys();
  if (application_->ech_rotation_is_due()) {
    application_->rotate_ech_keys();
    ech_publisher_->adopt(application_->settings(), application_->ech_keys());
  }
  if (application_->renewal_is_due()) static_cast<void>(refresh_certificates());
  application_->look_after_internal_ca();
  revocation_->maintain();
  on_demand_->maintain();
  issuance_->maintain();
  ech_publisher_->maintain();
  board_->publish_orders(issuance_->orders());
  note_stalled_workers();
  [[maybe_unused]] const auto told = manager_.alive();
}

// Each worker is asked for a turn; one that has not had any by the next time is stuck.
void Control::note_stalled_workers() {
  auto& workers = application_->workers();
  turns_seen_.resize(workers.size());
  for (std::size_t index = 0; index < workers.size(); ++index) {
    const std::uint64_t turns = workers.worker(index).loop().turns().value();
    const bool stuck = turns != 0 && turns == turns_seen_[index];
    if (stuck)
      application_->audit(observe::AuditKind::kWorkerStalled,
                          fmt::format("worker {} has been stuck for seconds", index));
    turns_seen_[index] = turns;
    workers.nudge(index);
  }
}

void Control::stop(std::unique_ptr<AdminCall> call) {
  if (call) stop_call_ = std::move(call);
  if (stopping_) return;
  [[maybe_unused]] const auto told = manager_.stopping("finishing what is in flight");
  drain(false, kDrainDeadline);
  tell_progress();
}

void Control::tell_progress() {
  constexpr std::chrono::milliseconds kPause{500};
  loop_->arm(progress_, loop_->now() + kPause);
  if (stop_call_) stop_call_->progress(fmt::format("{} connections left", application_->workers().connections()));
}

void Control::drain(bool hand_over, base::Duration deadline) {
  stopping_ = true;
  end_issuance();
  loop_->arm(drain_deadline_, loop_->now() + deadline);
  application_->drain(hand_over, [this] {
    loop_->post([this] {
      drained_ = true;
      loop_->stop();
    });
  });
}

void Control::upgrade(std::unique_ptr<AdminCall> call) {
  if (successor_ || stopping_) {
    if (call)
      call->fail(
          {.code = kCannotUpgrade, .side = base::Side::kSystem, .what = "an upgrade or a stop is under way already"});
    return;
  }
  upgrade_call_ = std::move(call);
  auto successor = start_successor(application_->listeners().descriptors());
  if (!successor) {
    answer_upgrade(base::fail(std::move(successor).error()));
    return;
  }
  successor_ = std::move(*successor);
  if (auto watched = loop_->watch(successor_->readiness.number(), child_source_, loop::Loop::Mode::kLevel); !watched) {
    answer_upgrade(base::fail(std::move(watched).error()));
  }
}

void Control::child_spoke() {
  loop_->unwatch(successor_->readiness.number());
  if (!successor_serves(*successor_)) {
    successor_.reset();
    answer_upgrade(base::fail({.code = kCannotUpgrade,
                               .side = base::Side::kSystem,
                               .what = "the new process has ended before it served; this one goes on",
                               .why = "what it said is on this server's standard error",
                               .fix = "gate443 check, then try again"}));
    return;
  }
  if (!loop_->watch(successor_->passage.number(), passage_source_, loop::Loop::Mode::kLevel)) {
    application_->audit(observe::AuditKind::kLimitHit, "QUIC connections that are still here will hear nothing more");
  }
  answer_upgrade({});
  [[maybe_unused]] const auto told = manager_.main_process(successor_->pid);
  // Long downloads may take their time: the new process serves already.
  constexpr std::chrono::hours kHandOverDeadline{1};
  drain(true, kHandOverDeadline);
}

// The successor receives for both processes now.
void Control::take_from_successor() {
  const int passage = successor_->passage.number();
  if (!application_->receive_from_successor(passage)) loop_->unwatch(passage);
}

void Control::answer_upgrade(const base::Result<void>& outcome) {
  if (!outcome)
    application_->audit(observe::AuditKind::kConfigurationRejected, outcome.error().what, outcome.error().code);
  if (!upgrade_call_) return;
  if (outcome) {
    upgrade_call_->answer({{"pid", successor_->pid}});
  } else {
    upgrade_call_->fail(outcome.error());
  }
  upgrade_call_.reset();
}

}  // namespace gate::app
