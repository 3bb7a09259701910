#include "app/inventory.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "app/on_demand_sites.h"
#include "app/read_acme.h"
#include "cert/local_ca.h"
#include "cert/verify.h"

namespace gate::app {
namespace {

using Renewer = cert::CalendarItem::Renewer;

// The roots that may vouch for a chain. One of them may be missing: a system without ca-certificates, no local CA.
class TrustedRoots {
 public:
  TrustedRoots(const std::string& ca_folder, base::WallTime now) {
    if (auto system = cert::Roots::system()) system_ = *std::move(system);
    if (const auto ca = cert::LocalCa::open(ca_folder, now)) {
      std::vector<cert::Certificate> roots;
      for (const auto& root : ca->roots()) roots.push_back(root.certificate);
      local_ = cert::Roots::of(roots);
    }
    for (const auto* each : {&local_, &system_}) {
      if (*each) all_.push_back(&**each);
    }
  }

  // Nothing when the system's are unknown: then nobody can say that a chain is not trusted.
  std::span<const cert::Roots* const> all() const { return system_ ? std::span(all_) : std::span(all_).first(0); }

 private:
  std::optional<cert::Roots> system_;
  std::optional<cert::Roots> local_;
  std::vector<const cert::Roots*> all_;
};

Renewer renewer_of(const SiteSettings& site) {
  if (!site.certificates.empty()) return Renewer::kUser;
  return site.local_certificate ? Renewer::kLocalCa : Renewer::kAuthority;
}

// The finding about trust among them, if there is one.
TrustMemory::Verdict verdict_of(const std::vector<cert::Finding>& findings) {
  for (const auto& each : findings) {
    if (each.concern == cert::Concern::kUntrusted || each.concern == cert::Concern::kIncompleteChain) return each;
  }
  return std::nullopt;
}

std::vector<cert::Finding> examine(cert::Examined examined, base::WallTime now, TrustMemory* memory) {
  if (memory == nullptr) return cert::examine(examined, now);
  const auto& fingerprint = examined.chain.front().fingerprint();
  const TrustMemory::Verdict* known = memory->find(fingerprint, now);
  const bool judge = known == nullptr && memory->may_judge();
  if (!judge) examined.roots = {};
  auto findings = cert::examine(examined, now);
  if (judge) memory->keep(fingerprint, verdict_of(findings), now);
  if (known != nullptr && *known) findings.push_back(**known);
  return findings;
}

// Whether it orders from an authority of somebody's own network: this system's roots say nothing about that one's.
bool has_private_authority(const SiteSettings& site) {
  return site.acme && std::ranges::any_of(site.acme->authorities,
                                          [](const AuthoritySettings& each) { return !each.trust_mark.empty(); });
}

// Names on demand. That one ends which nobody asks for any more is as it should be.
void add_on_demand(std::vector<InventoryEntry>& entries, const Application& application, const TrustedRoots& roots,
                   base::WallTime now, TrustMemory* memory) {
  const OnDemandSites sites(application.settings());
  for (const auto& [name, known] : application.on_demand_names().all()) {
    const SiteSettings* site = sites.find(name);
    if (site == nullptr) continue;
    const auto& leaf = known.credential.leaf();
    InventoryEntry entry{.site = name,
                         .credential = &known.credential,
                         .calendar = {.name = name,
                                      .validity = {leaf.not_before(), leaf.not_after()},
                                      .renewer = known.is_renewed ? Renewer::kAuthority : Renewer::kUser},
                         .is_on_demand = true,
                         .is_renewed = known.is_renewed,
                         .findings = {}};
    if (known.is_renewed) {
      entry.calendar.facts =
          application.certificates().authority_store().load_facts(name).value_or(cert::RenewalFacts{});
      const auto trusted = has_private_authority(*site) ? std::span<const cert::Roots* const>() : roots.all();
      entry.findings = examine({.chain = known.credential.chain,
                                .names = std::span(&name, 1),
                                .facts = &entry.calendar.facts,
                                .roots = trusted},
                               now, memory);
    }
    entries.push_back(std::move(entry));
  }
}

}  // namespace

std::vector<InventoryEntry> take_inventory(const Application& application, base::WallTime now, TrustMemory* memory) {
  const TrustedRoots roots(application.certificates().ca_folder(), now);
  std::vector<InventoryEntry> entries;
  for (std::size_t i = 0; i < application.credentials().size(); ++i) {
    const SiteSettings& site = application.settings().sites[i];
    const auto names = certificate_names(site);
    for (const auto& credential : application.credentials()[i].credentials) {
      const auto& leaf = credential.leaf();
      InventoryEntry entry{.site = site.name(),
                           .credential = &credential,
                           .calendar = {.name = site.name(),
                                        .validity = {leaf.not_before(), leaf.not_after()},
                                        .renewer = renewer_of(site)},
                           .is_stand_in = application.credentials()[i].is_stand_in,
                           .is_revoked = application.credentials()[i].revoked,
                           .findings = {}};
      // Nobody vouches for a stand-in, and it is to be replaced at once: that is no finding, failed tries are.
      if (entry.is_stand_in) entry.calendar.validity = {now, now};
      const bool is_ordered = entry.calendar.renewer == Renewer::kAuthority;
      // Facts that cannot be read are told by whoever renews; until then the calendar goes by the certificate.
      if (is_ordered)
        entry.calendar.facts =
            application.certificates().authority_store().load_facts(site.name()).value_or(cert::RenewalFacts{});
      entry.findings =
          examine({.chain = credential.chain,
                   .names = names,
                   .is_complete = entry.calendar.renewer == Renewer::kUser,
                   .facts = is_ordered ? &entry.calendar.facts : nullptr,
                   .roots = entry.is_stand_in || has_private_authority(site) ? std::span<const cert::Roots* const>()
                                                                             : roots.all(),
                   .is_revoked = entry.is_revoked},
                  now, memory);
      entries.push_back(std::move(entry));
    }
  }
  add_on_demand(entries, application, roots, now, memory);
  return entries;
}

base::Result<StoredInventory> take_stored_inventory(const Certificates& certificates, base::WallTime now) {
  const TrustedRoots roots(certificates.ca_folder(), now);
  StoredInventory inventory;
  for (const Renewer renewer : {Renewer::kAuthority, Renewer::kLocalCa}) {
    const bool is_ordered = renewer == Renewer::kAuthority;
    const cert::Store& store = is_ordered ? certificates.authority_store() : certificates.store();
    for (const auto& stored : store.list()) {
      auto credential = store.load(stored.name);
      if (!credential) {
        base::Error error = std::move(credential).error();
        error.side = base::Side::kSystem;  // nobody has written the file by hand
        return base::fail(std::move(error));
      }
      if (!*credential) continue;
      const auto& kept = inventory.credentials.emplace_back(**std::move(credential));
      InventoryEntry entry{.site = stored.name,
                           .credential = &kept,
                           .calendar = {.name = stored.name,
                                        .validity = {kept.leaf().not_before(), kept.leaf().not_after()},
                                        .renewer = renewer},
                           .findings = {}};
      auto& facts = entry.calendar.facts;
      if (is_ordered) facts = store.load_facts(stored.name).value_or(cert::RenewalFacts{});
      const bool is_judged = !is_ordered || is_named_authority(facts.directory);
      entry.findings = cert::examine({.chain = kept.chain,
                                      .facts = is_ordered ? &facts : nullptr,
                                      .roots = is_judged ? roots.all() : std::span<const cert::Roots* const>()},
                                     now);
      inventory.entries.push_back(std::move(entry));
    }
  }
  return inventory;
}

}  // namespace gate::app
