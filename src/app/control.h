#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/admin/admin_call.h"
#include "app/alarms.h"
#include "app/alpn_solver.h"
#include "app/application.h"
#include "app/authority_errands.h"
#include "app/dns_solvers.h"
#include "app/ech_publisher.h"
#include "app/hand_over.h"
#include "app/issuance.h"
#include "app/on_demand_issuance.h"
#include "app/revocation_watch.h"
#include "app/status_board.h"
#include "client/loop_context.h"
#include "loop/loop.h"
#include "os/notify.h"
#include "os/signals.h"
#include "os/watch.h"

namespace gate::app {

// The control thread: signals, commands, file changes and everything that is due by the calendar, turned into calls of
// the application. Workers never wait for it.
//
//   SIGTERM, SIGINT   finish what is in flight, at most `drain_deadline`, then end; a second one ends at once
//   SIGHUP            reload
//   SIGUSR1           open the log files anew
//   SIGUSR2           upgrade: a new process takes over, this one drains
class Control final : private IssuanceListener, private RevocationListener {
 public:
  static constexpr std::chrono::seconds kDrainDeadline{30};

  // The signals are blocked from here on: create before any thread is started.
  static base::Result<std::unique_ptr<Control>> create(const base::Clock& clock);

  // What the first client is to find: before the application starts. With `watch`, a changed configuration file is a
  // reload. Both others outlive the control thread. Fails where the system refuses a descriptor.
  base::Result<void> begin(Application& application, StatusBoard& board, bool watch);

  // Runs the application, which has been started, until it has stopped. Returns the exit code.
  int run();

  // Any thread: runs `task` on the control thread. One that comes when that has ended is destroyed unrun.
  void post(loop::Task task) { loop_->post(std::move(task)); }

  // On the control thread:

  Application& application() { return *application_; }
  // The orders of certificates; null before the server serves.
  Issuance* issuance() { return issuance_ ? &*issuance_ : nullptr; }
  // What keeps HTTPS records; null before the server serves.
  const EchPublisher* ech_publisher() const { return ech_publisher_ ? &*ech_publisher_ : nullptr; }
  // What is wanted of authorities beside orders; null before the server serves, as the orders are.
  AuthorityErrands* errands() { return errands_ ? &*errands_ : nullptr; }
  // The watch over certificates; null before the server serves.
  Alarms* alarms() { return alarms_ ? &*alarms_ : nullptr; }
  base::Result<ReloadReport> reload(std::string& report);

  // Drains and ends; `call`, if any, hears how many connections are left, and is answered when none is.
  void stop(std::unique_ptr<AdminCall> call);

  // Starts a successor; `call`, if any, is answered when that serves, or with the reason why it does not.
  void upgrade(std::unique_ptr<AdminCall> call);

  Control(std::unique_ptr<loop::Loop> loop, os::SignalReceiver signals, os::FileWatcher files);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

 private:
  // Calls a member function when a descriptor is readable.
  struct Source final : loop::Watcher {
    explicit Source(std::function<void()> then) : on_readable(std::move(then)) {}
    void on_ready(loop::Readiness) override { on_readable(); }
    std::function<void()> on_readable;
  };
  // Calls one when its time has come.
  struct Alarm final : loop::Timer {
    explicit Alarm(std::function<void()> then) : ring(std::move(then)) {}
    void on_timer() override { ring(); }
    std::function<void()> ring;
  };

  // RevocationListener
  void revoked(const std::string& site, std::string_view text) override;
  void stapled(std::shared_ptr<const tls::Staples> staples) override;

  // IssuanceListener
  base::Result<void> issued(const std::string& site, const cert::Credential& credential) override;
  void renewal_wanted(const std::string& name) override;
  void audit(observe::AuditKind kind, std::string_view text, base::ErrorCode code) override;

  void begin_issuance();
  void begin_publishing();
  void end_issuance();
  void on_signal(int number);
  void on_files_changed();
  void act_on_changes();
  base::Result<void> begin_watch();
  void certificates_in_use_changed();
  void seek_certificate(const std::string& name);
  void watch_files();
  void note_changes_while_starting();
  void maintain();
  base::Result<void> refresh_certificates();  // what is wrong with them is in the audit log too; the old ones stay
  void child_spoke();
  void take_from_successor();
  void drain(bool hand_over, base::Duration deadline);
  void tell_progress();
  void answer_upgrade(const base::Result<void>& outcome);
  void note_stalled_workers();

  std::unique_ptr<loop::Loop> loop_;
  os::SignalReceiver signals_;
  os::FileWatcher files_;
  os::ServiceManager manager_;
  Application* application_ = nullptr;
  StatusBoard* board_ = nullptr;
  std::unique_ptr<client::LoopContext> outside_;
  std::optional<RevocationWatch> revocation_;
  std::optional<Issuance> issuance_;
  std::optional<OnDemandIssuance> on_demand_;
  std::optional<AuthorityErrands> errands_;  // ends before the orders, whose authorities it asks
  std::optional<HttpSolver> http_solver_;    // solvers end before the orders that they would call back
  std::optional<AlpnSolver> alpn_solver_;
  std::optional<DnsSolvers> dns_solvers_;
  std::optional<EchPublisher> ech_publisher_;
  std::optional<Alarms> alarms_;
  std::unique_ptr<AdminCall> stop_call_;
  std::unique_ptr<AdminCall> upgrade_call_;
  Source signal_source_;
  Source file_source_;
  Source child_source_;
  Source passage_source_;
  Alarm maintenance_;
  Alarm change_settled_;
  Alarm issued_waits_;
  Alarm drain_deadline_;
  Alarm progress_;
  std::optional<Successor> successor_;
  std::vector<std::uint64_t> turns_seen_;
  base::Instant serve_issued_from_{};
  bool watch_configuration_ = false;
  bool configuration_changed_ = false;
  bool certificates_changed_ = false;
  bool stopping_ = false;
  bool drained_ = false;
};

}  // namespace gate::app
