#include "acme/order_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

#include "acme/codes.h"
#include "acme/dns_codes.h"
#include "base/ip.h"
#include "base/text.h"
#include "cert/certificate.h"
#include "cert/issue.h"
#include "jose/base64url.h"

namespace gate::acme {
namespace {

using nlohmann::json;

// The first look comes soon, for some authorities check at once; each wait is longer than the one before.
constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::milliseconds kLongestPause{15'000};

constexpr std::string_view kPostAsGet;  // RFC 8555 6.3: an empty payload

std::string text_of(const json& message) { return message.dump(-1, ' ', false, json::error_handler_t::replace); }

Failure makes_no_sense(base::Error error) { return unreachable(std::move(error)); }

// "CN=Example Root, O=Example": whether that is the common name.
bool has_common_name(std::string_view subject, std::string_view name) {
  while (!subject.empty()) {
    const std::string_view part = base::trimmed(base::split_off(subject, ','));
    if (part.starts_with("CN=") && part.substr(3) == name) return true;
  }
  return false;
}

}  // namespace

OrderRun::OrderRun(Authority& authority, OrderSettings settings, Done done)
    : authority_(authority), settings_(std::move(settings)), done_(std::move(done)), request_(authority.channel()) {}

OrderRun::~OrderRun() = default;

void OrderRun::start() {
  deadline_ = authority_.loop().now() + settings_.deadline;
  authority_.open(*this);
}

std::string OrderRun::progress() const {
  const std::string name = at_ < proofs_.size() ? proofs_[at_].name : settings_.names.front();
  switch (state_) {
    case State::kOpening: return fmt::format("opening the account at {}", authority_.host());
    case State::kReadingPermissions: return "reading CAA records";
    case State::kOrdering: return "ordering";
    case State::kReadingAuthorizations: return fmt::format("asking what proves {} ours", name);
    case State::kPresenting: return "publishing the answers to challenges";
    case State::kAnswering: return fmt::format("asking the authority to check {}", name);
    case State::kWatchingAuthorizations: {
      const auto proven = std::ranges::count(proofs_, true, &Proof::proven);
      return fmt::format("waiting for the authority to check {} ({} of {} proven)", name, proven, proofs_.size());
    }
    case State::kFinalizing: return "sending the request for the certificate";
    case State::kWatchingOrder: return "waiting for the certificate";
    case State::kDownloading: return "fetching the certificate";
    case State::kCleaningUp: return "cleaning up";
    case State::kGivingUp: return "giving up what is pending";
    case State::kDone: return "done";
  }
  return {};
}

void OrderRun::ask(Demand demand, std::string payload, void (OrderRun::*then)(const Answer&)) {
  request_.post(std::move(demand), std::move(payload), authority_.signer(), [this, then](Outcome<Answer> answer) {
    if (!answer) return fail(std::move(answer).error());
    (this->*then)(*answer);
  });
}

// Until the authority said that looking makes sense, or a while.
void OrderRun::wait(std::optional<base::WallTime> until) {
  auto& loop = authority_.loop();
  pause_ = std::clamp<base::Duration>(pause_ * 2, kFirstPause, kLongestPause);
  base::Duration pause = pause_;
  if (until) pause = std::clamp<base::Duration>(*until - loop.wall(), kFirstPause, std::chrono::minutes(1));
  loop.arm(*this, std::min(loop.now() + pause, deadline_));
}

void OrderRun::on_timer() {
  if (state_ == State::kDone) return;
  if (state_ == State::kGivingUp) return conclude();
  if (authority_.loop().now() >= deadline_) {
    return fail(unreachable(
        {.code = kTooSlow,
         .side = base::Side::kUpstream,
         .retry = base::Retry::kLater,
         .what = fmt::format("{} did not finish the order in time", authority_.host()),
         .why = fmt::format("after {} s it was still {}",
                            std::chrono::duration_cast<std::chrono::seconds>(settings_.deadline).count(), progress()),
         .fix = "wait; it is tried again by itself"}));
  }
  if (state_ == State::kWatchingAuthorizations) return watch_authorizations();
  watch_order();
}

// --- The order -------------------------------------------------------------------------------------------------------

void OrderRun::opened(const Outcome<>& outcome) {
  if (!outcome) return fail(outcome.error());
  check_permission();
}

// An authority that names itself would find out too, but says less, and counts it as a failed proof.
void OrderRun::check_permission() {
  const auto& identities = authority_.directory().caa_identities;
  const auto in_dns = [](const std::string& name) { return !base::IpAddress::parse(name); };
  if (settings_.resolvers.empty() || identities.empty() || std::ranges::none_of(settings_.names, in_dns))
    return order();
  state_ = State::kReadingPermissions;
  auto& context = authority_.channel().context;
  caa_.emplace(dns::Context{context.loop(), context.random()}, settings_.resolvers);
  caa_->start({settings_.names, identities, authority_.account().url},
              [this](const base::Result<>& allowed) { permission_checked(allowed); });
}

void OrderRun::permission_checked(const base::Result<>& allowed) {
  if (allowed) return order();
  fail({.kind = allowed.error().code == kCaaForbids ? FailureKind::kRefused : FailureKind::kUnreachable,
        .error = allowed.error()});
}

base::Result<std::string> OrderRun::wanted() const {
  json identifiers = json::array();
  for (const auto& name : settings_.names) {
    identifiers.push_back({{"type", base::IpAddress::parse(name) ? "ip" : "dns"}, {"value", name}});
  }
  json message{{"identifiers", identifiers}};
  if (!settings_.replaces.empty()) message["replaces"] = settings_.replaces;
  if (settings_.profile.empty()) return text_of(message);
  const auto& offered = authority_.directory().profiles;
  if (!offered.contains(settings_.profile)) {
    std::vector<std::string> names;
    for (const auto& [name, about] : offered) names.push_back(name);
    return base::fail({.code = kUnknownProfile,
                       .side = base::Side::kConfiguration,
                       .what = fmt::format("{} has no profile \"{}\"", authority_.host(), settings_.profile),
                       .why = names.empty() ? "it has no profiles" : fmt::format("it has {}", fmt::join(names, ", ")),
                       .fix = "change or remove \"profile\" in the acme block"});
  }
  message["profile"] = settings_.profile;
  return text_of(message);
}

void OrderRun::order() {
  state_ = State::kOrdering;
  auto message = wanted();
  if (!message) return fail(our_failure(std::move(message).error()));
  request_.post({.url = authority_.directory().new_order,
                 .what = fmt::format("an order for {}", fmt::join(settings_.names, ", "))},
                *std::move(message), authority_.signer(), [this](Outcome<Answer> answer) {
                  if (!answer) return order_failed(std::move(answer).error());
                  ordered(*answer);
                });
}

// Two refusals have nothing to do with what is wanted: the account is not known any more, and the certificate that
// is to be replaced was replaced already or is not the authority's (RFC 9773 5).
void OrderRun::order_failed(Failure failure) {
  if (failure.problem == "accountDoesNotExist" && !std::exchange(account_renewed_, true)) {
    authority_.forget_account();
    state_ = State::kOpening;
    return authority_.open(*this);
  }
  if (failure.kind == FailureKind::kRefused && !settings_.replaces.empty()) {
    settings_.replaces.clear();
    return order();
  }
  fail(std::move(failure));
}

void OrderRun::ordered(const Answer& answer) {
  auto order = Order::parse(answer.body);
  if (!order) return fail(makes_no_sense(std::move(order).error()));
  order_url_ = answer.location;
  if (order_url_.empty()) {
    return fail(makes_no_sense({.code = kBadAnswer,
                                .side = base::Side::kUpstream,
                                .what = fmt::format("{} does not say where the order is", authority_.host())}));
  }
  order_ = *std::move(order);
  for (const auto& url : order_.authorizations) proofs_.push_back({.authorization = url});
  read_authorizations();
}

// --- The proofs ------------------------------------------------------------------------------------------------------

void OrderRun::read_authorizations() {
  state_ = State::kReadingAuthorizations;
  if (at_ == proofs_.size()) return present();
  ask({.url = proofs_[at_].authorization, .what = "what proves a name"}, std::string(kPostAsGet),
      &OrderRun::read_authorization);
}

void OrderRun::read_authorization(const Answer& answer) {
  auto authorization = Authorization::parse(answer.body);
  if (!authorization) return fail(makes_no_sense(std::move(authorization).error()));
  Proof& proof = proofs_[at_];
  proof.name = authorization->name;
  proof.wildcard = authorization->wildcard;
  proof.proven = authorization->status == Status::kValid;
  if (!proof.proven) {
    if (authorization->status != Status::kPending) return fail(not_proven(proof, *authorization));
    proof.pending = true;
    if (!choose_solver(proof, *authorization)) return fail(no_way_to_prove(*authorization));
  }
  ++at_;
  read_authorizations();
}

bool OrderRun::choose_solver(Proof& proof, const Authorization& authorization) const {
  for (Solver* solver : settings_.solvers) {
    const auto offered = std::ranges::find(authorization.challenges, solver->type(), &OfferedChallenge::type);
    if (offered == authorization.challenges.end()) continue;
    const std::string thumbprint = authority_.account().thumbprint();
    proof.solver = solver;
    proof.challenge_url = offered->url;
    proof.challenge = {.name = authorization.name,
                       .token = offered->token,
                       .key_authorization = fmt::format("{}.{}", offered->token, thumbprint),
                       .thumbprint = thumbprint,
                       .issuers = offered->issuers,
                       .account = authority_.account().url,
                       .wildcard = authorization.wildcard};
    return true;
  }
  return false;
}

Failure OrderRun::no_way_to_prove(const Authorization& authorization) const {
  std::vector<std::string> offered;
  for (const auto& challenge : authorization.challenges) offered.push_back(challenge.type);
  std::vector<std::string_view> ours;
  for (const Solver* solver : settings_.solvers) ours.push_back(solver->type());
  const std::string_view star = authorization.wildcard ? "*." : "";
  return {
      .kind = FailureKind::kRefused,
      .error = {
          .code = kNoWayToProve,
          .side = base::Side::kConfiguration,
          .what = fmt::format("nothing can prove to {} that {}{} is ours", authority_.host(), star, authorization.name),
          .why = fmt::format("it accepts {}; configured is {}", fmt::join(offered, ", "), fmt::join(ours, ", ")),
          .fix = authorization.wildcard ? "wildcards are proven by dns-01 only: add \"dns\" to the acme block"
                                        : "allow one that it accepts in the acme block"}};
}

void OrderRun::present() {
  state_ = State::kPresenting;
  at_ = 0;
  for (Proof& proof : proofs_) {
    if (proof.proven) continue;
    ++outstanding_;
    proof.presented = true;
    proof.solver->present(proof.challenge,
                          [this, &proof](base::Result<void> result) { presented(proof, std::move(result)); });
  }
  if (outstanding_ == 0) watch_order();
}

// The first failure is told when all have called back.
void OrderRun::presented(Proof& proof, base::Result<void> result) {
  --outstanding_;
  if (!result && !outcome_) {
    base::Error error = std::move(result).error();
    error.what =
        fmt::format("the answer to {} for {} cannot be published: {}", proof.solver->type(), proof.name, error.what);
    outcome_ = std::unexpected(our_failure(std::move(error)));
  }
  if (outstanding_ > 0) return;
  if (outcome_) return clean_up();
  answer_challenges();
}

// RFC 8555 7.5.1: an empty object says that the authority may look.
void OrderRun::answer_challenges() {
  state_ = State::kAnswering;
  while (at_ < proofs_.size() && proofs_[at_].proven) ++at_;
  if (at_ == proofs_.size()) {
    at_ = 0;
    pause_ = {};
    state_ = State::kWatchingAuthorizations;
    return wait({});
  }
  ask({.url = proofs_[at_].challenge_url, .what = fmt::format("to check {}", proofs_[at_].name)}, "{}",
      &OrderRun::challenge_answered);
}

void OrderRun::challenge_answered(const Answer&) {
  ++at_;
  answer_challenges();
}

void OrderRun::watch_authorizations() {
  while (at_ < proofs_.size() && proofs_[at_].proven) ++at_;
  if (at_ == proofs_.size()) return watch_order();
  ask({.url = proofs_[at_].authorization, .what = "what proves a name"}, std::string(kPostAsGet),
      &OrderRun::watch_authorization);
}

void OrderRun::watch_authorization(const Answer& answer) {
  const auto authorization = Authorization::parse(answer.body);
  if (!authorization) return fail(makes_no_sense(authorization.error()));
  Proof& proof = proofs_[at_];
  switch (authorization->status) {
    case Status::kPending:
    case Status::kProcessing: return wait(answer.again_at);
    case Status::kValid:
      proof.pending = false;
      proof.proven = true;
      pause_ = {};
      return watch_authorizations();
    default: proof.pending = false; return fail(not_proven(proof, *authorization));
  }
}

Failure OrderRun::not_proven(const Proof& proof, const Authorization& authorization) const {
  Problem seen{.type = "", .detail = fmt::format("it says {}, and no reason", to_string(authorization.status))};
  std::string_view type;
  for (const auto& challenge : authorization.challenges) {
    if (!challenge.error) continue;
    seen = *challenge.error;
    type = challenge.type;
  }
  Failure failure = failure_of(seen, 0, "", {});
  failure.error.code = kNotProven;
  failure.error.what =
      fmt::format("{} did not see that {}{} is ours", authority_.host(), proof.wildcard ? "*." : "", proof.name);
  if (!type.empty()) failure.error.why = fmt::format("{}: {}", type, failure.error.why);
  return failure;
}

// --- The certificate -------------------------------------------------------------------------------------------------

void OrderRun::watch_order() {
  state_ = State::kWatchingOrder;
  ask({.url = order_url_, .what = "how the order stands"}, std::string(kPostAsGet), &OrderRun::take_order);
}

void OrderRun::finalize() {
  state_ = State::kFinalizing;
  pause_ = {};
  key_ = cert::PrivateKey::generate();
  const std::string request = cert::make_request(*key_, settings_.names);
  ask({.url = order_.finalize, .what = "the request for the certificate"},
      text_of({{"csr", jose::to_base64url(base::as_bytes(request))}}), &OrderRun::take_order);
}

void OrderRun::take_order(const Answer& answer) {
  auto order = Order::parse(answer.body);
  if (!order) return fail(makes_no_sense(std::move(order).error()));
  state_ = State::kWatchingOrder;
  order_ = *std::move(order);
  if (order_.status == Status::kReady && !key_) return finalize();
  if (order_.status == Status::kValid && key_ && !order_.certificate.empty()) return download(order_.certificate);
  const bool may_come =
      order_.status == Status::kPending || order_.status == Status::kReady || order_.status == Status::kProcessing;
  if (may_come) return wait(answer.again_at);
  const Problem none{.type = "",
                     .detail = fmt::format("the order is {}, and there is no reason", to_string(order_.status))};
  fail(failure_of(order_.error.value_or(none), 0, "the certificate", {}));
}

void OrderRun::download(const std::string& url) {
  state_ = State::kDownloading;
  ask({.url = url, .what = "the certificate", .media_type = "application/pem-certificate-chain"},
      std::string(kPostAsGet), &OrderRun::downloaded);
}

// Of several chains the preferred one, else the one that the authority prefers.
void OrderRun::downloaded(const Answer& answer) {
  constexpr std::size_t kChainsMax = 8;
  if (settings_.preferred_chain.empty() || is_preferred(answer.body)) return take_chain(answer.body);
  if (first_chain_.empty()) {
    first_chain_ = answer.body;
    alternates_ = answer.alternates;
    if (alternates_.size() > kChainsMax) alternates_.resize(kChainsMax);
  }
  if (alternates_.empty()) return take_chain(first_chain_);
  const std::string next = alternates_.front();
  alternates_.erase(alternates_.begin());
  download(next);
}

bool OrderRun::is_preferred(const std::string& pem) const {
  const auto chain = cert::certificates_from_pem(pem, authority_.host());
  return chain && !chain->empty() && has_common_name(chain->back().issuer(), settings_.preferred_chain);
}

void OrderRun::take_chain(const std::string& pem) {
  const std::string key = key_->to_pem();
  auto credential = cert::load_credential(
      {.chain_pem = pem, .key_pem = key, .chain_origin = authority_.host(), .key_origin = "the order"}, settings_.names,
      authority_.loop().wall());
  if (!credential) {
    base::Error error = std::move(credential).error();
    error.code = kWrongCertificate;
    error.side = base::Side::kUpstream;
    error.what = fmt::format("{} issued what cannot be used: {}", authority_.host(), error.what);
    error.fix = "is the clock of this machine right?";
    return fail({.kind = FailureKind::kRefused, .error = std::move(error)});
  }
  outcome_ = Issued{.credential = *std::move(credential)};
  clean_up();
}

// --- The end ---------------------------------------------------------------------------------------------------------

void OrderRun::fail(Failure failure) {
  outcome_ = std::unexpected(std::move(failure));
  clean_up();
}

void OrderRun::clean_up() {
  state_ = State::kCleaningUp;
  for (Proof& proof : proofs_) {
    if (!proof.presented) continue;
    ++outstanding_;
    proof.solver->clean_up(proof.challenge, [this](base::Result<void> result) {
      if (!result) left_behind_.push_back(std::move(result).error());
      if (--outstanding_ == 0) cleaned_up();
    });
  }
  if (outstanding_ == 0) cleaned_up();
}

// RFC 8555 7.5.2: "If a client wishes to relinquish its authorization [...]". What stays pending counts against limits
// of the authority until it ends. One that does not answer, or wants fewer requests, is spared.
void OrderRun::cleaned_up() {
  const bool is_spared = *outcome_ || outcome_->error().kind == FailureKind::kUnreachable ||
                         outcome_->error().kind == FailureKind::kRateLimited;
  if (is_spared) return conclude();
  state_ = State::kGivingUp;
  authority_.loop().arm(*this, authority_.loop().now() + kGivingUpTime);
  give_up_authorizations();
}

void OrderRun::give_up_authorizations() {
  const auto next = std::ranges::find_if(proofs_, &Proof::pending);
  if (next == proofs_.end()) return conclude();
  next->pending = false;
  // What it answers changes nothing any more.
  request_.post({.url = next->authorization, .what = "to give up an authorization", .media_type = ""},
                text_of({{"status", "deactivated"}}), authority_.signer(),
                [this](const Outcome<Answer>&) { give_up_authorizations(); });
}

// The last thing is to tell: that may destroy the run.
void OrderRun::conclude() {
  state_ = State::kDone;
  auto outcome = *std::exchange(outcome_, std::nullopt);
  if (outcome) outcome->left_behind = std::move(left_behind_);
  const Done done = std::exchange(done_, nullptr);
  done(std::move(outcome));
}

}  // namespace gate::acme
