#include "app/on_demand_issuance.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "app/on_demand/codes.h"
#include "app/read_acme.h"
#include "server/worker.h"
#include "tls/codes.h"

namespace gate::app {
namespace {

using namespace std::chrono_literals;

// How long a refusal holds: somebody who adds a domain to a service tries at once.
constexpr base::Duration kRefusedFor = 1min;
// Whoever is asked for permission and does not answer is left alone for a moment.
constexpr base::Duration kSilentFor = 10s;
// When there is no room for more names.
constexpr base::Duration kFullFor = 1min;
// New names wait no longer for each other, for they may be of different sites.
constexpr base::Duration kPauseMax = 10s;

// How often whoever gives permission is asked for new names: a flood of names is none of its business.
constexpr std::uint32_t kQuestions = 100;
constexpr base::Duration kQuestionsPeriod = 10s;

constexpr base::Duration kReviewPause = 10min;
constexpr std::size_t kFailuresMax = 4096;
constexpr std::uint32_t kRefusalLines = 10;  // a minute
constexpr base::Duration kLimitLinePause = 1min;

// A customer whose DNS record is not there yet tries again soon; one whose domain never comes is not to cost much.
base::Duration pause_after(unsigned failures) {
  constexpr unsigned kDoublingsMax = 6;
  return 1min * (1U << std::min(failures, kDoublingsMax));
}

}  // namespace

// Waits for the first order of a name.
class OnDemandIssuance::Waiter final : public IssuanceWaiter {
 public:
  Waiter(OnDemandIssuance& issuance, std::string name) : issuance_(issuance), name_(std::move(name)) {}
  void progress(std::string_view) override {}
  void ended(const base::Result<std::string>& outcome) override {
    if (!outcome) return issuance_.failed(name_);
    issuance_.pending_.erase(name_);  // it has been taken already
  }

 private:
  OnDemandIssuance& issuance_;
  const std::string name_;
};

OnDemandIssuance::OnDemandIssuance(Environment environment, const Settings& settings)
    : environment_(std::move(environment)),
      settings_(&settings),
      sites_(settings),
      questions_(kQuestions, kQuestionsPeriod),
      failures_(kFailuresMax),
      refusal_lines_(kRefusalLines, 1min),
      permission_(environment_.outside) {
  adopt(settings);
}

OnDemandIssuance::~OnDemandIssuance() {
  pause(base::Instant::max());
  for (const auto& [name, pending] : pending_) note(name, tls::NameStanding::kLate);
}

void OnDemandIssuance::adopt(const Settings& settings) {
  settings_ = &settings;
  sites_ = OnDemandSites(settings);
  std::vector<std::string> gone;
  for (const auto& [name, known] : environment_.names.all()) {
    if (sites_.find(name) == nullptr) gone.push_back(name);
  }
  for (const auto& name : gone) {
    environment_.names.forget(name, false);
    forget(name);
  }
  leaving_.clear();
  environment_.workers.on_all([](server::Worker& worker, std::size_t) { worker.on_demand().forget_refusals(); });
  review(wall());
}

void OnDemandIssuance::seek(const std::string& name) {
  if (const auto* known = environment_.names.find(name)) return serve(name, known->credential);
  if (const auto pending = pending_.find(name); pending != pending_.end()) {
    if (pending->second.is_late) note(name, tls::NameStanding::kLate);
    return;
  }
  const SiteSettings* site = sites_.find(name);
  if (site == nullptr) return note(name, tls::NameStanding::kRefused, now() + kRefusedFor);
  if (!is_public_name({.name = name})) return refuse(name, "no authority issues for such a name");
  const OnDemandSettings& settings = *site->acme->on_demand;
  if (environment_.names.all().size() + pending_.size() >= settings.names_max) {
    return turn_away(name, now() + kFullFor, "as many as \"names\" allows have one", kTooManyNames);
  }
  // Nobody is asked about what could not be ordered.
  if (const auto next = orders_of(*site).next(now()); next > now()) return wait_for_rate(name, next);
  decide(name, *site);
}

void OnDemandIssuance::decide(const std::string& name, const SiteSettings& site) {
  const OnDemandSettings& settings = *site.acme->on_demand;
  const bool allowed = is_allowed(settings, name);
  if (!allowed && settings.ask.empty()) return refuse(name, "\"allow\" does not have it");
  if (!allowed && !questions_.take(now())) return wait_for_rate(name, questions_.next(now()));
  pending_.emplace(name, Pending{.hold_until = now() + settings.hold});
  keep_timer();
  if (allowed) return order(name);
  permission_.ask(name, settings, [this, name](const Permission::Answer& answer) { answered(name, answer); });
}

void OnDemandIssuance::answered(const std::string& name, const Permission::Answer& answer) {
  switch (answer.verdict) {
    case Permission::Verdict::kAllowed: return order(name);
    case Permission::Verdict::kRefused: return refuse(name, answer.why);
    case Permission::Verdict::kUnknown: break;
  }
  turn_away(name, now() + kSilentFor, answer.why, kAskFailed);
}

// Much may have changed since it was asked for.
void OnDemandIssuance::order(const std::string& name) {
  const SiteSettings* site = sites_.find(name);
  if (site == nullptr) return refuse(name, "no site takes it any more");
  if (environment_.names.recall(name, wall())) {
    const auto& known = *environment_.names.find(name);
    pending_.erase(name);
    renew_in_time(name, known);
    serve(name, known.credential);
    environment_.changed();
    return save();
  }
  TokenBucket& orders = orders_of(*site);
  if (!orders.take(now())) return wait_for_rate(name, orders.next(now()));
  environment_.issuance.add(name, *site->acme, settings_->email, nullptr);
  environment_.issuance.order_now(name, std::make_unique<Waiter>(*this, name));
}

base::Result<void> OnDemandIssuance::take(const std::string& name, const cert::Credential& credential) {
  const bool is_new = environment_.names.find(name) == nullptr;
  GATE_TRY(environment_.names.keep(name, credential, wall()));
  counters().issued.add(is_new ? 1 : 0);
  pending_.erase(name);
  failures_.erase(name);
  serve(name, credential);
  environment_.changed();
  save();
  return {};
}

void OnDemandIssuance::refuse(const std::string& name, std::string_view why) {
  counters().refused.add();
  pending_.erase(name);
  note(name, tls::NameStanding::kRefused, now() + kRefusedFor);
  if (!refusal_lines_.take(now())) {
    ++refusals_untold_;
    return;
  }
  std::string text = fmt::format("{}: no certificate: {}", name, why);
  if (const auto untold = std::exchange(refusals_untold_, 0); untold > 0) {
    text += fmt::format(" (since the last such line {} other names)", untold);
  }
  environment_.listener.audit(observe::AuditKind::kUnknownName, text, tls::kNameNotPermitted);
}

// The authority, or what it saw, is in the audit log.
void OnDemandIssuance::failed(const std::string& name) {
  counters().failed.add();
  pending_.erase(name);
  environment_.issuance.remove(name);
  if (sites_.find(name) != nullptr) environment_.names.forget(name, true);  // what the order has left behind
  const unsigned* before = failures_.find(name);
  const unsigned failures = before == nullptr ? 0 : *before;
  failures_.put(name, failures + 1);
  note(name, tls::NameStanding::kFailed, now() + pause_after(failures));
}

// Until then new names cost their worker a look at the clock.
void OnDemandIssuance::wait_for_rate(const std::string& name, base::Instant next) {
  pause(std::min(next, now() + kPauseMax));
  turn_away(name, now(), "more new names than \"rate\" allows", tls::kTooManyNewNames);
}

void OnDemandIssuance::turn_away(const std::string& name, base::Instant until, std::string_view why,
                                 base::ErrorCode code) {
  counters().limited.add();
  pending_.erase(name);
  note(name, tls::NameStanding::kBusy, until);
  if (now() < next_limit_line_) return;
  next_limit_line_ = now() + kLimitLinePause;
  environment_.listener.audit(observe::AuditKind::kLimitHit, fmt::format("{}: no certificate for now: {}", name, why),
                              code);
}

// Who has left a service is not to be renewed for ever.
void OnDemandIssuance::check_renewal(const std::string& name) {
  const auto* known = environment_.names.find(name);
  if (known == nullptr || !renew_in_time(name, *known)) return;
  const OnDemandSettings& settings = *sites_.find(name)->acme->on_demand;
  if (is_allowed(settings, name)) return environment_.issuance.permit(name);
  if (settings.ask.empty()) return renewal_answered(name, {Permission::Verdict::kRefused, "\"allow\" has it no more"});
  if (permission_.is_asking(name)) return;
  permission_.ask(name, settings, [this, name](const Permission::Answer& answer) { renewal_answered(name, answer); });
}

// Without an answer it is asked again: there is time.
void OnDemandIssuance::renewal_answered(const std::string& name, const Permission::Answer& answer) {
  if (answer.verdict == Permission::Verdict::kAllowed) return environment_.issuance.permit(name);
  if (answer.verdict == Permission::Verdict::kUnknown) return;
  leaving_.insert(name);
  environment_.names.set_renewed(name, false);
  environment_.issuance.remove(name);
  environment_.listener.audit(observe::AuditKind::kCertificateProblem,
                              fmt::format("{}: is not renewed: {}", name, answer.why), tls::kNameNotPermitted);
}

TokenBucket& OnDemandIssuance::orders_of(const SiteSettings& site) {
  const auto& rate = site.acme->on_demand->rate;
  const auto [place, is_new] = budgets_.try_emplace(site.name(), Budget{rate, TokenBucket(rate.count, rate.period)});
  Budget& budget = place->second;
  if (budget.rate.count != rate.count || budget.rate.period != rate.period) {
    budget = {rate, TokenBucket(rate.count, rate.period)};
  }
  return budget.orders;
}

void OnDemandIssuance::maintain() {
  if (now() < next_review_) return;
  const auto today = wall();
  gather_used(today);
  review(today);
}

void OnDemandIssuance::gather_used(base::WallTime now) {
  if (environment_.names.all().empty()) return;
  std::vector<std::vector<std::string>> used(environment_.workers.size());
  environment_.workers.on_all(
      [&used](server::Worker& worker, std::size_t index) { used[index] = worker.on_demand().take_used(); });
  for (const auto& of_worker : used) {
    for (const auto& name : of_worker) environment_.names.note_asked(name, now);
  }
}

void OnDemandIssuance::review(base::WallTime now) {
  next_review_ = this->now() + kReviewPause;
  std::vector<std::string> over;
  for (const auto& [name, known] : environment_.names.all()) {
    if (now >= known.credential.leaf().not_after()) {
      over.push_back(name);
    } else {
      renew_in_time(name, known);
    }
  }
  for (const auto& name : over) {
    environment_.names.forget(name, true);
    leaving_.erase(name);
    forget(name);
  }
  if (!over.empty()) environment_.changed();
  save();
}

// Whether it is to be renewed: a site takes it, somebody asks for it, and nobody has forbidden it.
bool OnDemandIssuance::renew_in_time(const std::string& name, const OnDemandNames::Known& known) {
  const SiteSettings* site = sites_.find(name);
  const bool is_wanted = site != nullptr && wall() < known.asked + kAskedWithin && !leaving_.contains(name);
  environment_.names.set_renewed(name, is_wanted);
  if (is_wanted) {
    environment_.issuance.add(name, *site->acme, settings_->email, &known.credential.leaf());
  } else {
    environment_.issuance.remove(name);
  }
  return is_wanted;
}

void OnDemandIssuance::save() {
  if (const auto saved = environment_.names.save(); !saved) {
    environment_.listener.audit(observe::AuditKind::kCertificateProblem, saved.error().what, saved.error().code);
  }
}

void OnDemandIssuance::on_timer() {
  for (auto& [name, pending] : pending_) {
    if (pending.is_late || pending.hold_until > now()) continue;
    pending.is_late = true;
    note(name, tls::NameStanding::kLate);
  }
  keep_timer();
}

void OnDemandIssuance::keep_timer() {
  base::Instant next = base::Instant::max();
  for (const auto& [name, pending] : pending_) {
    if (!pending.is_late) next = std::min(next, pending.hold_until);
  }
  if (next != base::Instant::max()) environment_.outside.loop().arm(*this, next);
}

// Workers take it up in their next turn; nobody waits for them.
void OnDemandIssuance::serve(const std::string& name, const cert::Credential& credential) {
  for (std::size_t index = 0; index < environment_.workers.size(); ++index) {
    server::Worker& worker = environment_.workers.worker(index);
    worker.post([&worker, name, own = credential.clone()] { worker.serve_name(name, own); });
  }
}

void OnDemandIssuance::note(const std::string& name, tls::NameStanding standing, base::Instant until) {
  for (std::size_t index = 0; index < environment_.workers.size(); ++index) {
    server::Worker& worker = environment_.workers.worker(index);
    worker.post([&worker, name, standing, until] { worker.note_name(name, standing, until); });
  }
}

void OnDemandIssuance::forget(const std::string& name) {
  environment_.issuance.remove(name);
  for (std::size_t index = 0; index < environment_.workers.size(); ++index) {
    server::Worker& worker = environment_.workers.worker(index);
    worker.post([&worker, name] { worker.on_demand().forget(name); });
  }
}

void OnDemandIssuance::pause(base::Instant until) {
  for (std::size_t index = 0; index < environment_.workers.size(); ++index) {
    server::Worker& worker = environment_.workers.worker(index);
    worker.post([&worker, until] { worker.on_demand().pause(until); });
  }
}

}  // namespace gate::app
