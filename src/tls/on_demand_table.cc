#include "tls/on_demand_table.h"

#include <openssl/pool.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "tls/held_credential.h"

namespace gate::tls {
namespace {

// RFC 5890 2.3.1: letters, digits and hyphens, which do not begin or end it.
bool is_label(std::string_view label) {
  constexpr std::size_t kLabelMax = 63;  // RFC 1035 2.3.4
  if (label.empty() || label.size() > kLabelMax || label.starts_with('-') || label.ends_with('-')) return false;
  return std::ranges::all_of(label, [](char c) { return base::is_alpha(c) || base::is_digit(c) || c == '-'; });
}

// What no authority would issue for is not worth a question: names of one label, addresses, and what is no name.
bool may_be_asked_for(std::string_view name) {
  constexpr std::size_t kNameMax = 253;
  const auto last = name.rfind('.');
  if (name.size() > kNameMax || last == std::string_view::npos || name.ends_with('.')) return false;
  if (std::ranges::all_of(name.substr(last + 1), base::is_digit)) return false;
  while (!name.empty()) {
    if (!is_label(base::split_off(name, '.'))) return false;
  }
  return true;
}

}  // namespace

void OnDemandTable::FreePool::operator()(crypto_buffer_pool_st* pool) const { CRYPTO_BUFFER_POOL_free(pool); }

OnDemandTable::OnDemandTable(NameAsker& asker, const base::Clock& clock)
    : asker_(asker), clock_(clock), certificates_(CRYPTO_BUFFER_POOL_new()) {
  GATE_CHECK(certificates_ != nullptr);
}

OnDemandTable::~OnDemandTable() = default;

const HeldCredential* OnDemandTable::find(std::string_view name) {
  const auto found = served_.find(name);
  if (found == served_.end()) return nullptr;
  found->second.used = true;
  return found->second.credential.get();
}

NameStanding OnDemandTable::seek(const std::string& name) {
  if (!may_be_asked_for(name)) return NameStanding::kRefused;
  if (const auto asked = asked_.find(name); asked != asked_.end()) return asked->second;
  const base::Instant now = clock_.now();
  if (const Refusal* refusal = refusals_.find(name); refusal != nullptr && now < refusal->until) {
    return refusal->standing;
  }
  if (now < paused_until_ || asked_.size() >= kAskedMax) return NameStanding::kBusy;
  asked_.emplace(name, NameStanding::kAsked);
  asker_.ask(name);
  return NameStanding::kAsked;
}

void OnDemandTable::serve(const std::string& name, const cert::Credential& credential) {
  auto held = hold(credential, certificates_.get(), with_key_log_);
  GATE_CHECK(held.ctx != nullptr);  // whoever read or made it has seen that key and certificate match
  served_.insert_or_assign(name, Served{.credential = std::make_unique<HeldCredential>(std::move(held))});
  asked_.erase(name);
  refusals_.erase(name);
}

void OnDemandTable::note(const std::string& name, NameStanding standing, base::Instant until) {
  if (standing == NameStanding::kAsked || standing == NameStanding::kLate) {
    if (const auto asked = asked_.find(name); asked != asked_.end()) asked->second = standing;
    return;
  }
  asked_.erase(name);
  if (until > clock_.now()) refusals_.put(name, {standing, until});
}

void OnDemandTable::forget(std::string_view name) {
  if (const auto found = served_.find(name); found != served_.end()) served_.erase(found);
}

void OnDemandTable::forget_refusals() {
  refusals_.clear();
  paused_until_ = {};
}

std::vector<std::string> OnDemandTable::take_used() {
  std::vector<std::string> used;
  for (auto& [name, served] : served_) {
    if (std::exchange(served.used, false)) used.push_back(name);
  }
  return used;
}

void OnDemandTable::use_key_log(bool on) {
  if (std::exchange(with_key_log_, on) == on) return;
  for (auto& [name, served] : served_) tls::use_key_log(served.credential->ctx.get(), on);
}

}  // namespace gate::tls
