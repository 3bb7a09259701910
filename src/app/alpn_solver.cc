#include "app/alpn_solver.h"

#include <chrono>
#include <utility>

#include "cert/issue.h"
#include "jose/digest.h"

namespace gate::app {
namespace {

constexpr std::chrono::days kLife{7};

}  // namespace

void AlpnSolver::present(const acme::Challenge& challenge, Done done) {
  const auto now = loop_.wall();
  open_.insert_or_assign(
      challenge.token,
      tls::Challenges::Challenge{.name = challenge.name,
                                 .credential = cert::make_tls_alpn_01(
                                     challenge.name, jose::sha256(base::as_bytes(challenge.key_authorization)),
                                     {.not_before = now - kLife, .not_after = now + kLife})});
  publish(std::move(done));
}

void AlpnSolver::clean_up(const acme::Challenge& challenge, Done done) {
  open_.erase(challenge.token);
  publish(std::move(done));
}

void AlpnSolver::publish(Done done) {
  auto challenges = std::make_shared<tls::Challenges>();
  for (const auto& [token, each] : open_) challenges->open.push_back({each.name, each.credential.clone()});
  workers_.use_challenges(challenges);
  loop_.post([done = std::move(done)] { done({}); });
}

}  // namespace gate::app
