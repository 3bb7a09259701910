#include "app/authority_errands.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "acme/account.h"
#include "app/codes.h"
#include "base/text.h"

namespace gate::app {
namespace {

// Tells what became of the old certificate with what becomes of the new one.
class Replacing final : public IssuanceWaiter {
 public:
  Replacing(std::string revoked, std::unique_ptr<IssuanceWaiter> waiter)
      : revoked_(std::move(revoked)), waiter_(std::move(waiter)) {}

  void progress(std::string_view text) override { waiter_->progress(text); }
  void ended(const base::Result<std::string>& outcome) override {
    if (outcome) return waiter_->ended(fmt::format("{}\n{}", revoked_, *outcome));
    base::Error error = outcome.error();
    error.what = fmt::format("{}, and there is no other yet: {}", revoked_, error.what);
    waiter_->ended(base::fail(std::move(error)));
  }

 private:
  const std::string revoked_;
  const std::unique_ptr<IssuanceWaiter> waiter_;
};

}  // namespace

void AuthorityErrands::revoke(const RevocationWish& wish, const cert::Credential& credential,
                              std::unique_ptr<IssuanceWaiter> waiter) {
  const auto authority = issuance_.issuer(wish.site);
  if (!authority) return waiter->ended(base::fail(authority.error()));
  const auto place = revoking_.insert(revoking_.end(), {wish, *authority, std::move(waiter)});
  place->waiter->progress(fmt::format("asking {} to revoke it", place->authority->host()));
  acme::RevocationSettings settings{.certificate = std::string(base::as_text(credential.leaf().der())),
                                    .key = credential.key.clone(),
                                    .reason = wish.reason};
  place->request = std::make_unique<acme::Revocation>(
      **authority, std::move(settings), [this, place](const acme::Outcome<>& outcome) { revoked(place, outcome); });
  place->request->start();
}

void AuthorityErrands::revoked(std::list<Revoking>::iterator place, const acme::Outcome<>& outcome) {
  std::list<Revoking> ended;
  ended.splice(ended.end(), revoking_, place);
  const auto& [site, reason, wants_another] = place->wish;
  if (!outcome) return place->waiter->ended(base::fail(outcome.error().error));
  const std::string text =
      fmt::format("{}: revoked by {} ({})", site, place->authority->host(), cert::to_string(reason));
  listener_.audit(observe::AuditKind::kCertificateRevoked, text, {});
  if (wants_another)
    return issuance_.replace_revoked(site, std::make_unique<Replacing>(text, std::move(place->waiter)));
  issuance_.replace_revoked(site, nullptr);
  place->waiter->ended(text);
}

void AuthorityErrands::find_persist_records(std::string_view site, PersistRecords::Done done) {
  auto wanted = issuance_.wanted(site);
  if (!wanted) return done(base::fail(wanted.error()));
  const auto place = looking_.emplace(looking_.end());
  *place = std::make_unique<PersistRecords>(*wanted->authority, dns_solvers_.persistent(), std::move(wanted->names),
                                            [this, place, done = std::move(done)](auto states) {
                                              const auto ended = std::move(*place);
                                              looking_.erase(place);
                                              done(std::move(states));
                                            });
  (*place)->start();
}

void AuthorityErrands::change_key(std::string_view name, std::unique_ptr<IssuanceWaiter> waiter) {
  const auto found = issuance_.account_at(name);
  if (!found) return waiter->ended(base::fail(found.error()));
  acme::Authority& authority = **found;
  const std::string& folder = authority.settings().folder;
  const bool is_revoking =
      std::ranges::any_of(revoking_, [&](const Revoking& each) { return each.authority->settings().folder == folder; });
  if (changing_key_ || is_revoking || issuance_.is_ordering_by(folder)) {
    return waiter->ended(base::fail({.code = kAccountBusy,
                                     .side = base::Side::kSystem,
                                     .what = fmt::format("the account at {} is being used", authority.host()),
                                     .why = "an order signs by the key that it has now",
                                     .fix = "try again in a minute"}));
  }
  changing_key_.emplace(&authority, std::move(waiter));
  changing_key_->waiter->progress(fmt::format("giving {} another key", authority.host()));
  changing_key_->request =
      std::make_unique<acme::KeyChange>(authority, [this](const acme::Outcome<>& outcome) { key_changed(outcome); });
  changing_key_->request->start();
}

void AuthorityErrands::key_changed(const acme::Outcome<>& outcome) {
  const ChangingKey ended = *std::exchange(changing_key_, std::nullopt);
  const acme::AuthoritySettings& settings = ended.authority->settings();
  issuance_.reload_accounts(settings.folder);
  const auto account = acme::read_account(settings.folder);
  if (!outcome || !account) return ended.waiter->ended(base::fail(outcome ? account.error() : outcome.error().error));
  const std::string text =
      fmt::format("the account at {} has another key, {}", ended.authority->host(), account->thumbprint());
  listener_.audit(observe::AuditKind::kAccountChanged, text, {});
  ended.waiter->ended(text);
}

}  // namespace gate::app
