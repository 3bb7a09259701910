#include "app/issuance.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "acme/account.h"
#include "acme/renewal_identifier.h"
#include "app/accounts.h"
#include "app/codes.h"
#include "base/text.h"
#include "dns/resolv_conf.h"

namespace gate::app {
namespace {

std::string day_of(base::WallTime time) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::string minute_of(base::WallTime time) {
  return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

cert::RenewalFault fault_of(acme::FailureKind kind) {
  switch (kind) {
    case acme::FailureKind::kOurs:
    case acme::FailureKind::kUnreachable: return cert::RenewalFault::kNetwork;
    case acme::FailureKind::kRateLimited: return cert::RenewalFault::kRateLimited;
    case acme::FailureKind::kRefused: return cert::RenewalFault::kRefused;
  }
  return cert::RenewalFault::kNetwork;
}

// Whoever sees other zones than this machine's resolvers has said so.
std::vector<base::Endpoint> resolvers_for(const AcmeSettings& settings) {
  const bool told = settings.dns && !settings.dns->resolvers.empty();
  return told ? settings.dns->resolvers : dns::machine_resolvers();
}

base::Error no_such_order(std::string_view name) {
  return {.code = kNoSuchOrder,
          .side = base::Side::kConfiguration,
          .what = fmt::format("no site {} has a certificate of an authority", name),
          .fix = "gate443 cert list shows those there are"};
}

// All that a certificate depends on.
std::string text_of(const SiteSettings& site, const std::string& email) {
  std::string text = email;
  for (const auto& name : certificate_names(site)) text += " " + name;
  for (const auto& authority : site.acme->authorities) {
    text += fmt::format("\n{} {} {} {} {}", authority.directory, authority.trust_mark, authority.profile,
                        authority.preferred_chain, authority.binding ? authority.binding->key_id : "");
  }
  if (site.acme->dns) text += "\n" + site.acme->dns->mark;
  return text + fmt::format("\n{}", fmt::join(site.acme->challenges, " "));
}

}  // namespace

Issuance::Issuance(Environment environment, std::string state_folder)
    : environment_(std::move(environment)),
      state_folder_(std::move(state_folder)),
      store_(state_folder_ + "/certificates/acme") {}

Issuance::~Issuance() = default;

void Issuance::adopt(const Settings& settings, const std::vector<SiteCredentials>& credentials) {
  for (auto& [name, site] : sites_) site.is_configured = site.is_on_demand;
  for (std::size_t i = 0; i < settings.sites.size(); ++i) {
    const bool is_ordered = settings.sites[i].acme && !certificate_names(settings.sites[i]).empty();
    if (is_ordered) take(settings.sites[i], settings.email, credentials[i]);
  }
  for (auto& [name, site] : sites_) {
    if (!site.is_configured) site.question.reset();
  }
  std::erase_if(sites_, [](const auto& entry) { return !entry.second.is_configured && !entry.second.run; });
}

void Issuance::take(const SiteSettings& wanted, const std::string& email, const SiteCredentials& credentials) {
  const std::string name = wanted.name();
  const auto [place, is_new] = sites_.try_emplace(name);
  Site& site = place->second;
  if (is_new) {
    // Facts that cannot be read are as good as none: what is due is known from the certificate too.
    if (auto facts = store_.load_facts(name)) site.facts = *std::move(facts);
  }
  std::string text = text_of(wanted, email);
  const bool changed = !is_new && text != site.text;
  if (changed) {
    site.facts.last_failure.reset();  // what failed was something else
    site.facts.is_given_up = false;
  }
  site.text = std::move(text);
  site.names = certificate_names(wanted);
  site.settings = *wanted.acme;
  site.email = email;
  site.is_configured = true;
  site.is_on_demand = false;
  site.certificate.reset();
  if (credentials.is_stand_in || credentials.lacks_names) return;
  note_certificate(site, credentials.credentials.front().leaf());
}

void Issuance::add(const std::string& name, const AcmeSettings& settings, const std::string& email,
                   const cert::Certificate* leaf) {
  const auto [place, is_new] = sites_.try_emplace(name);
  Site& site = place->second;
  if (!is_new && site.is_configured && !site.is_on_demand) return;
  if (is_new && leaf != nullptr) {
    if (auto facts = store_.load_facts(name)) site.facts = *std::move(facts);
  }
  site.is_on_demand = site.is_configured = true;
  site.names = {name};
  site.settings = settings;
  site.email = email;
  site.certificate.reset();
  site.identifier.clear();
  if (leaf != nullptr) note_certificate(site, *leaf);
}

void Issuance::permit(std::string_view name) {
  if (const auto found = sites_.find(name); found != sites_.end()) found->second.is_permitted = true;
}

// Callers may be on their way through the list.
void Issuance::remove(std::string_view name) {
  const auto found = sites_.find(name);
  if (found != sites_.end() && found->second.is_on_demand) found->second.is_configured = false;
}

void Issuance::note_certificate(Site& site, const cert::Certificate& leaf) {
  site.certificate = cert::Validity{.not_before = leaf.not_before(), .not_after = leaf.not_after()};
  site.identifier = acme::renewal_identifier(leaf.der()).value_or("");
}

// The authority that the certificate at hand came from, as long as the site still wants it from there.
const AuthoritySettings* Issuance::issuer_of(const Site& site) const {
  const auto& all = site.settings.authorities;
  const auto found = std::ranges::find(all, site.facts.directory, &AuthoritySettings::directory);
  return site.certificate && found != all.end() ? &*found : nullptr;
}

// Without a certificate it is due at once, but for what a failure puts off.
cert::RenewalStep Issuance::next_step(const std::string& name, const Site& site) const {
  constexpr std::chrono::days kFarthest{7};
  const auto now = environment_.outside.loop().wall();
  if (site.facts.is_given_up) return {.reason = cert::RenewalReason::kGivenUp, .when = base::WallTime::max()};
  if (site.certificate) {
    cert::RenewalFacts facts = site.facts;
    const bool may_be_asked = issuer_of(site) != nullptr && !site.identifier.empty();
    facts.has_window_service = facts.has_window_service && may_be_asked;
    return cert::next_step(name, *site.certificate, facts, now);
  }
  const auto& failure = site.facts.last_failure;
  const bool is_put_off = failure && failure->next_try < now + kFarthest;
  return {.reason = cert::RenewalReason::kRetry, .when = is_put_off ? failure->next_try : base::WallTime{}};
}

std::size_t Issuance::runs(bool on_demand) const {
  return static_cast<std::size_t>(std::ranges::count_if(sites_, [on_demand](const auto& entry) {
    return entry.second.run != nullptr && entry.second.is_on_demand == on_demand;
  }));
}

// Without a certificate a name on demand waits for a client.
bool Issuance::waits_for_permission(const std::string& name, const Site& site) {
  if (!site.is_on_demand || site.is_permitted) return false;
  if (site.certificate) environment_.listener.renewal_wanted(name);
  return !site.is_permitted;
}

void Issuance::maintain() {
  const auto now = environment_.outside.loop().wall();
  std::erase_if(sites_, [](const auto& entry) { return !entry.second.is_configured && !entry.second.run; });
  std::array<std::size_t, 2> under_way{runs(false), runs(true)};
  for (auto& [name, site] : sites_) {
    std::size_t& of_its_kind = under_way[site.is_on_demand ? 1 : 0];
    if (site.run || of_its_kind >= kRunsMax) continue;
    const cert::RenewalStep step = next_step(name, site);
    if (!site.wanted_now && !step.is_due(now)) continue;
    if (!site.wanted_now && !step.is_renewal()) {
      if (!site.question) ask_window(name, site);
      continue;
    }
    if (!site.wanted_now && waits_for_permission(name, site)) continue;
    site.wanted_now = false;
    site.authority = 0;
    begin(name, site);
    ++of_its_kind;
  }
}

Issuance::Sites::iterator Issuance::find(std::string_view name) {
  return std::ranges::find_if(sites_, [&](const auto& entry) {
    return std::ranges::find(entry.second.names, name) != entry.second.names.end();
  });
}

void Issuance::order_now(std::string_view name, std::unique_ptr<IssuanceWaiter> waiter) {
  const auto found = find(name);
  if (found == sites_.end()) return waiter->ended(base::fail(no_such_order(name)));
  found->second.facts.is_given_up = false;
  found->second.waiters.push_back(std::move(waiter));
  found->second.wanted_now = found->second.run == nullptr;
  environment_.outside.loop().arm(*this, environment_.outside.loop().now());
  maintain();
}

void Issuance::note_revoked(const std::string& name) {
  const auto found = sites_.find(name);
  if (found == sites_.end()) return;
  found->second.facts.is_revoked = true;
  keep_facts(name, found->second);
  maintain();
}

base::Result<acme::Authority*> Issuance::issuer(std::string_view name) {
  const auto found = find(name);
  if (found == sites_.end() || !found->second.certificate) return base::fail(no_such_order(name));
  const Site& site = found->second;
  if (const auto* issuer = issuer_of(site)) return &authority_for(site, *issuer);
  // One that the configuration does not name any more is asked by the roots of this system.
  const bool is_unknown = site.facts.directory.empty();
  return &authority_for(
      site, is_unknown ? site.settings.authorities.front() : AuthoritySettings{.directory = site.facts.directory});
}

base::Result<Issuance::Wanted> Issuance::wanted(std::string_view name) {
  const auto found = find(name);
  if (found == sites_.end()) return base::fail(no_such_order(name));
  const Site& site = found->second;
  return Wanted{site.names, &authority_for(site, site.settings.authorities.front())};
}

base::Result<acme::Authority*> Issuance::account_at(std::string_view wanted) {
  std::map<std::string, acme::Authority*> found;  // by the account's folder
  std::vector<std::string> hosts;
  for (const auto& [name, site] : sites_) {
    for (const auto& each : site.settings.authorities) {
      const std::string folder = account_folder(state_folder_, each.directory);
      if (found.contains(folder) || !acme::has_account(folder)) continue;
      acme::Authority& authority = authority_for(site, each);
      if (!wanted.empty() && wanted != authority.host() && wanted != each.directory) continue;
      found.emplace(folder, &authority);
      hosts.push_back(authority.host());
    }
  }
  if (found.size() == 1) return found.begin()->second;
  const bool has_several = !found.empty();
  return base::fail(
      {.code = kNoSuchAccount,
       .side = base::Side::kConfiguration,
       .what = has_several ? fmt::format("there are accounts at {}", fmt::join(hosts, ", "))
                           : fmt::format("there is no account{}{}", wanted.empty() ? "" : " at ", wanted),
       .why = has_several ? "" : "one is made with the first order, at authorities that the configuration names",
       .fix = has_several ? "name the authority" : "gate443 acme account   shows those there are"});
}

bool Issuance::is_ordering_by(std::string_view folder) const {
  return std::ranges::any_of(sites_, [&](const auto& entry) {
    return entry.second.run != nullptr && account_folder(state_folder_, entry.second.directory) == folder;
  });
}

void Issuance::reload_accounts(std::string_view folder) {
  for (const auto& [key, authority] : authorities_) {
    if (authority->settings().folder == folder) authority->reload_account();
  }
}

void Issuance::replace_revoked(std::string_view name, std::unique_ptr<IssuanceWaiter> waiter) {
  const auto found = find(name);
  if (found != sites_.end()) {
    found->second.facts.is_revoked = true;
    found->second.facts.is_given_up = waiter == nullptr;
    keep_facts(found->first, found->second);
  }
  if (waiter) order_now(name, std::move(waiter));
}

// Who waits is shown that something happens.
void Issuance::on_timer() {
  constexpr std::chrono::milliseconds kPause{500};
  bool any = false;
  for (auto& [name, site] : sites_) {
    const std::string doing = site.run ? site.run->progress() : "waiting for other orders";
    for (auto& waiter : site.waiters) waiter->progress(doing);
    any = any || !site.waiters.empty();
  }
  if (any) environment_.outside.loop().arm(*this, environment_.outside.loop().now() + kPause);
}

void Issuance::tell(Site& site, const base::Result<std::string>& outcome) {
  for (auto& waiter : std::exchange(site.waiters, {})) waiter->ended(outcome);
}

// What the site allows, in its order, of what there is. After failures another is the first: what keeps an authority
// from one way may leave it the next.
std::vector<acme::Solver*> Issuance::solvers_for(const Site& site) const {
  // Whoever says who makes DNS records wants them to be used.
  std::vector<acme::Solver*> usual;
  if (site.settings.dns) usual.push_back(&environment_.dns_solvers.solver_for(*site.settings.dns));
  usual.insert(usual.end(), environment_.solvers.begin(), environment_.solvers.end());
  std::vector<acme::Solver*> known = usual;
  // Without its record it only fails, so that it is for those who ask for it.
  known.push_back(&environment_.dns_solvers.persistent());
  std::vector<acme::Solver*> chosen;
  for (const auto& type : site.settings.challenges) {
    const auto found = std::ranges::find(known, type, [](const auto* each) { return each->type(); });
    if (found != known.end()) chosen.push_back(*found);
  }
  if (site.settings.challenges.empty()) chosen = std::move(usual);
  if (!chosen.empty()) std::ranges::rotate(chosen, chosen.begin() + site.facts.failures % chosen.size());
  return chosen;
}

acme::Authority& Issuance::authority_for(const Site& site, const AuthoritySettings& wanted) {
  const std::string key = fmt::format("{} {} {} {}", wanted.directory, wanted.trust_mark, site.email,
                                      wanted.binding ? wanted.binding->key_id : "");
  auto& authority = authorities_[key];
  if (!authority) {
    acme::AuthoritySettings settings{.directory = wanted.directory,
                                     .roots = wanted.roots,
                                     .folder = account_folder(state_folder_, wanted.directory),
                                     .binding = wanted.binding};
    if (!site.email.empty()) settings.contacts.push_back("mailto:" + site.email);
    authority = std::make_unique<acme::Authority>(environment_.outside, std::move(settings));
  }
  return *authority;
}

void Issuance::ask_window(const std::string& name, Site& site) {
  site.question =
      std::make_unique<acme::WindowQuestion>(authority_for(site, *issuer_of(site)), site.identifier,
                                             [this, name](auto advice) { advised(name, std::move(advice)); });
  site.question->start();
}

void Issuance::advised(const std::string& name, acme::Outcome<acme::RenewalAdvice> advice) {
  Site& site = sites_.find(name)->second;
  const auto question = std::move(site.question);
  const auto now = environment_.outside.loop().wall();
  if (!advice) {
    cert::note_no_window(site.facts, now);
  } else if (!advice->info) {
    site.facts.has_window_service = false;
  } else {
    const auto& info = *advice->info;
    const auto former = site.facts.window;
    const cert::RenewalWindow window{.start = info.start, .end = info.end, .explanation_url = info.explanation_url};
    std::optional<base::Duration> retry_after;
    if (advice->ask_at) retry_after = *advice->ask_at - now;
    cert::note_window(site.facts, window, retry_after, now, environment_.random);
    // RFC 9773 4.2: the URL should be shown to people, for something unusual is behind it.
    if (!info.explanation_url.empty() && former != window) {
      environment_.listener.audit(observe::AuditKind::kCertificateProblem,
                                  fmt::format("{}: the authority wants it renewed between {} and {}: {}", name,
                                              minute_of(info.start), minute_of(info.end), info.explanation_url),
                                  {});
    }
  }
  keep_facts(name, site);
  maintain();
}

// RFC 9773 5: a new order says which certificate it replaces, which frees it from limits of the authority.
std::string Issuance::replaced(const Site& site, const AuthoritySettings& wanted) const {
  const bool is_same = issuer_of(site) == &wanted && site.facts.has_window_service && site.facts.window;
  return is_same ? site.identifier : std::string();
}

void Issuance::begin(const std::string& name, Site& site) {
  if (!site.lock) {
    auto lock = store_.lock(name);
    if (!lock) return failed(name, site, acme::our_failure(lock.error()));
    site.lock = *std::move(lock);
  }
  const AuthoritySettings& wanted = site.settings.authorities[site.authority];
  acme::OrderSettings settings{.names = site.names,
                               .profile = wanted.profile,
                               .preferred_chain = wanted.preferred_chain,
                               .replaces = replaced(site, wanted),
                               .solvers = solvers_for(site),
                               .resolvers = resolvers_for(site.settings)};
  acme::Authority& authority = authority_for(site, wanted);
  site.directory = wanted.directory;
  site.run_at = authority.host();
  site.run_since = environment_.outside.loop().wall();
  ++orders_[site.run_at].begun;
  site.run = std::make_unique<acme::OrderRun>(authority, std::move(settings),
                                              [this, name](auto outcome) { ended(name, std::move(outcome)); });
  site.run->start();
}

void Issuance::ended(const std::string& name, acme::Outcome<acme::Issued> outcome) {
  const auto place = sites_.find(name);
  Site& site = place->second;
  const auto run = std::move(site.run);
  ++(outcome ? orders_[site.run_at].issued : orders_[site.run_at].failed);
  if (!site.is_configured) {
    sites_.erase(place);
  } else if (outcome) {
    succeeded(name, site, *std::move(outcome));
  } else {
    failed(name, site, outcome.error());
  }
  maintain();
}

void Issuance::succeeded(const std::string& name, Site& site, acme::Issued issued) {
  for (const auto& error : issued.left_behind) {
    environment_.listener.audit(observe::AuditKind::kCertificateProblem, fmt::format("{}: {}", name, error.what),
                                error.code);
  }
  const auto& leaf = issued.credential.leaf();
  const bool is_first = !site.certificate;
  const std::string text = fmt::format("{}: {} by {}, valid until {}", name, is_first ? "issued" : "renewed",
                                       leaf.issuer(), day_of(leaf.not_after()));
  const auto kept = environment_.listener.issued(name, issued.credential);
  if (!kept) return failed(name, site, acme::our_failure(kept.error()));
  site.is_permitted = false;
  note_certificate(site, leaf);
  cert::note_success(site.facts, environment_.outside.loop().wall());
  site.facts.directory = site.directory;
  site.facts.has_window_service = true;  // as far as is known: it may be another authority than before
  keep_facts(name, site);
  site.lock.reset();
  environment_.listener.audit(
      is_first ? observe::AuditKind::kCertificateIssued : observe::AuditKind::kCertificateRenewed, text, {});
  tell(site, text);
}

// The next authority is asked at once; when there is none, the calendar says when the first is asked again.
void Issuance::failed(const std::string& name, Site& site, const acme::Failure& failure) {
  constexpr std::chrono::hours kFirstLife{16};  // as if a certificate ended then: so often it is tried without one
  const auto now = environment_.outside.loop().wall();
  const std::string text =
      fmt::format("{}: {}{}{}", name, failure.error.what, failure.error.why.empty() ? "" : ": ", failure.error.why);
  const bool is_elsewhere = failure.kind != acme::FailureKind::kOurs;
  if (is_elsewhere && site.authority + 1 < site.settings.authorities.size()) {
    environment_.listener.audit(observe::AuditKind::kCertificateProblem,
                                fmt::format("{}; the next authority is asked", text), failure.error.code);
    ++site.authority;
    return begin(name, site);
  }
  site.is_permitted = false;
  if (site.is_on_demand && !site.certificate) {
    site.lock.reset();
    environment_.listener.audit(observe::AuditKind::kCertificateProblem,
                                fmt::format("{}; tried again when a client asks for it", text), failure.error.code);
    return tell(site, std::unexpected(failure.error));
  }
  const cert::Validity validity = site.certificate.value_or(cert::Validity{now, now + kFirstLife});
  std::optional<base::Duration> retry_after;
  if (failure.again_at) retry_after = *failure.again_at - now;
  cert::note_failure(site.facts, validity, fault_of(failure.kind), text, retry_after, now, environment_.random);
  keep_facts(name, site);
  site.lock.reset();
  environment_.listener.audit(observe::AuditKind::kCertificateProblem,
                              fmt::format("{}; tried again at {}", text, minute_of(site.facts.last_failure->next_try)),
                              failure.error.code);
  tell(site, std::unexpected(failure.error));
}

// Facts that cannot be kept cost a question to the authority after a restart, and no certificate.
void Issuance::keep_facts(const std::string& name, const Site& site) {
  const auto kept = store_.save_facts(name, site.facts);
  if (!kept) environment_.listener.audit(observe::AuditKind::kCertificateProblem, kept.error().what, kept.error().code);
}

std::optional<Issuance::Running> Issuance::running(std::string_view name) const {
  const auto found = sites_.find(name);
  if (found == sites_.end() || !found->second.run) return std::nullopt;
  const Site& site = found->second;
  return Running{.authority = site.run_at, .doing = site.run->progress(), .since = site.run_since};
}

}  // namespace gate::app
