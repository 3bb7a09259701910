#include "app/authority_errands.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

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
  const auto place = revoking_.insert(revoking_.end(), {wish, (*authority)->host(), std::move(waiter)});
  place->waiter->progress(fmt::format("asking {} to revoke it", place->authority));
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
  const std::string text = fmt::format("{}: revoked by {} ({})", site, place->authority, cert::to_string(reason));
  listener_.audit(observe::AuditKind::kCertificateRevoked, text, {});
  if (wants_another)
    return issuance_.replace_revoked(site, std::make_unique<Replacing>(text, std::move(place->waiter)));
  issuance_.replace_revoked(site, nullptr);
  place->waiter->ended(text);
}

}  // namespace gate::app
