#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "acme/authority.h"
#include "acme/caa_check.h"
#include "acme/failure.h"
#include "acme/messages.h"
#include "acme/request.h"
#include "acme/solver.h"
#include "base/clock.h"
#include "base/ip.h"
#include "cert/credential.h"
#include "loop/loop.h"

namespace gate::acme {

// What is wanted.
struct OrderSettings {
  std::vector<std::string> names;           // DNS names, wildcards, addresses (RFC 8738)
  std::string profile{};                    // draft-ietf-acme-profiles; empty: the authority's usual one
  std::string preferred_chain{};            // the issuer of the last certificate of the chain, by its common name
  std::string replaces{};                   // RFC 9773 4.1: the certificate that it takes the place of
  std::vector<Solver*> solvers{};           // the preferred one first; they outlive the run
  std::vector<base::Endpoint> resolvers{};  // asked for CAA records before ordering; empty: nobody is
  std::chrono::milliseconds deadline = std::chrono::minutes(10);  // for everything
};

// What came of it.
struct Issued {
  cert::Credential credential;
  std::vector<base::Error> left_behind{};  // by solvers that could not clean up
};

// One order from the first request to the certificate (RFC 8555 7.4), with a fresh key:
//
//   opening ─▶ reading permissions ─▶ ordering ─▶ reading authorizations ─▶ presenting ─▶ answering ─▶ watching
//   authorizations ─▶ ready
//                                    └──────────────── all valid already ───────────────────────▲
//   ready ─▶ finalizing ─▶ watching the order ─▶ downloading ─▶ cleaning up ─▶ done
//
// From anywhere a failure leads to cleaning up, and from there, where the authority still answers, to giving up the
// authorizations that are pending. Control thread only. It must not be destroyed before it is done, as
// long as a solver may still call back.
class OrderRun final : private AuthorityWaiter, private loop::Timer {
 public:
  // For giving up authorizations, at the end of what has failed already.
  static constexpr std::chrono::seconds kGivingUpTime{10};
  using Done = std::function<void(Outcome<Issued>)>;

  // `authority` outlives the run. `done` is called once, never from within start(), and may destroy the run.
  OrderRun(Authority& authority, OrderSettings settings, Done done);
  ~OrderRun() override;
  OrderRun(const OrderRun&) = delete;
  OrderRun& operator=(const OrderRun&) = delete;

  void start();

  // What it is doing, in words: "waiting for the authority to check example.com".
  std::string progress() const;

 private:
  enum class State : std::uint8_t {
    kOpening,
    kReadingPermissions,
    kOrdering,
    kReadingAuthorizations,
    kPresenting,
    kAnswering,
    kWatchingAuthorizations,
    kFinalizing,
    kWatchingOrder,
    kDownloading,
    kCleaningUp,
    kGivingUp,
    kDone,
  };
  // One name that is to be proven.
  struct Proof {
    std::string authorization;  // URL
    std::string name{};
    bool wildcard = false;
    Solver* solver = nullptr;  // null: it is proven already
    std::string challenge_url{};
    Challenge challenge{};
    bool presented = false;  // and so to be cleaned up
    bool pending = false;    // at the authority
    bool proven = false;
  };

  void opened(const Outcome<>& outcome) override;
  void on_timer() override;

  void check_permission();
  void permission_checked(const base::Result<>& allowed);
  void order();
  base::Result<std::string> wanted() const;
  void ordered(const Answer& answer);
  void order_failed(Failure failure);
  void read_authorizations();
  void read_authorization(const Answer& answer);
  bool choose_solver(Proof& proof, const Authorization& authorization) const;
  Failure no_way_to_prove(const Authorization& authorization) const;
  void present();
  void presented(Proof& proof, base::Result<void> result);
  void answer_challenges();
  void challenge_answered(const Answer& answer);
  void watch_authorizations();
  void watch_authorization(const Answer& answer);
  void finalize();
  void take_order(const Answer& answer);
  void watch_order();
  void download(const std::string& url);
  void downloaded(const Answer& answer);
  bool is_preferred(const std::string& pem) const;
  void take_chain(const std::string& pem);

  void ask(Demand demand, std::string payload, void (OrderRun::*then)(const Answer&));
  void wait(std::optional<base::WallTime> until);
  Failure not_proven(const Proof& proof, const Authorization& authorization) const;
  void fail(Failure failure);
  void clean_up();
  void cleaned_up();
  void give_up_authorizations();
  void conclude();

  Authority& authority_;
  OrderSettings settings_;
  Done done_;
  State state_ = State::kOpening;
  Request request_;
  base::Instant deadline_{};
  base::Duration pause_{};  // before the next look
  std::optional<CaaCheck> caa_;
  std::string order_url_;
  Order order_;
  std::vector<Proof> proofs_;
  std::size_t at_ = 0;           // the proof that is worked on
  std::size_t outstanding_ = 0;  // solvers that have not called back
  bool account_renewed_ = false;
  std::optional<cert::PrivateKey> key_;
  std::vector<std::string> alternates_;  // chains that were not looked at
  std::string first_chain_;
  std::vector<base::Error> left_behind_;
  std::optional<Outcome<Issued>> outcome_;
};

}  // namespace gate::acme
