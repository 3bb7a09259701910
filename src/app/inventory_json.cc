#include <nlohmann/json.hpp>

#include <string>

#include "app/inventory.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "cert/details.h"

namespace gate::app {
namespace {

using nlohmann::json;
using Renewer = cert::CalendarItem::Renewer;

std::string_view source_text(const InventoryEntry& entry) {
  if (entry.is_stand_in) return "stand-in";
  if (entry.is_on_demand) return entry.is_renewed ? "ACME, on demand" : "ACME, on demand, not renewed any more";
  switch (entry.calendar.renewer) {
    case Renewer::kAuthority: return "ACME";
    case Renewer::kLocalCa: return "local CA";
    case Renewer::kUser: return "files";
  }
  return "";
}

json names_json(const cert::Certificate& leaf) {
  json names = leaf.dns_names();
  for (const auto& address : leaf.addresses()) names.push_back(address.to_string());
  return names;
}

json findings_json(const std::vector<cert::Finding>& findings) {
  auto list = json::array();
  for (const auto& each : findings) list.push_back({{"concern", cert::to_string(each.concern)}, {"text", each.text}});
  return list;
}

// When it is renewed, and why then; nothing for files, which somebody else renews.
void put_renewal(json& into, const cert::CalendarItem& item, base::WallTime now) {
  constexpr std::chrono::days kHorizon{4000};
  const auto events = cert::calendar(std::span(&item, 1), now, now + kHorizon);
  if (item.renewer == Renewer::kUser || events.empty()) return;
  into["renewal"] = base::to_timestamp(events.front().when);
  into["renewal_reason"] = events.front().why;
}

json renewal_facts_json(const cert::RenewalFacts& facts) {
  json result{{"authority", facts.directory}, {"failures", facts.failures}, {"revoked", facts.is_revoked}};
  if (facts.window) {
    result["window"] = {{"start", base::to_timestamp(facts.window->start)},
                        {"end", base::to_timestamp(facts.window->end)},
                        {"explanation_url", facts.window->explanation_url}};
  }
  if (facts.ask_window_at) result["ask_window_at"] = base::to_timestamp(*facts.ask_window_at);
  if (facts.last_failure) {
    result["last_failure"] = {{"at", base::to_timestamp(facts.last_failure->at)},
                              {"fault", cert::to_string(facts.last_failure->fault)},
                              {"text", facts.last_failure->text},
                              {"next_try", base::to_timestamp(facts.last_failure->next_try)}};
  }
  return result;
}

json chain_json(const std::vector<cert::Certificate>& chain) {
  auto list = json::array();
  for (const auto& each : chain) {
    list.push_back({{"subject", each.subject()},
                    {"issuer", each.issuer()},
                    {"key", each.key_text()},
                    {"not_after", base::to_timestamp(each.not_after())}});
  }
  return list;
}

json history_json(const std::vector<cert::Certificate>& history) {
  auto list = json::array();
  for (const auto& each : history) {
    list.push_back({{"serial", each.serial()},
                    {"not_before", base::to_timestamp(each.not_before())},
                    {"not_after", base::to_timestamp(each.not_after())}});
  }
  return list;
}

void put_details(json& into, const InventoryEntry& entry, const Certificates& certificates) {
  const auto& leaf = entry.credential->leaf();
  const auto details = cert::details_of(leaf);
  into["pem"] = leaf.to_pem();
  into["chain"] = chain_json(entry.credential->chain);
  into["crl"] = details.crl_urls;
  into["ocsp"] = details.ocsp_urls;
  into["scts"] = details.scts;
  const bool is_ordered = entry.is_on_demand || entry.calendar.renewer == Renewer::kAuthority;
  if (!is_ordered && entry.calendar.renewer == Renewer::kUser) return;
  const cert::Store& store = is_ordered ? certificates.authority_store() : certificates.store();
  into["file"] = store.path_of(entry.site);
  into["history"] = history_json(store.history(entry.site));
  if (is_ordered) into["order"] = renewal_facts_json(entry.calendar.facts);
}

}  // namespace

json to_json(const InventoryEntry& entry, const Certificates& certificates, base::WallTime now, bool whole) {
  const auto& leaf = entry.credential->leaf();
  json result{{"site", entry.site},
              {"names", names_json(leaf)},
              {"issuer", leaf.issuer()},
              {"serial", leaf.serial()},
              {"key", leaf.key_text()},
              {"not_before", base::to_timestamp(leaf.not_before())},
              {"not_after", base::to_timestamp(leaf.not_after())},
              {"sha256", base::to_hex(leaf.fingerprint())},
              {"source", source_text(entry)},
              {"findings", findings_json(entry.findings)}};
  if (entry.is_revoked) result["revoked"] = true;
  put_renewal(result, entry.calendar, now);
  if (whole) put_details(result, entry, certificates);
  return result;
}

}  // namespace gate::app
