#include "app/internal_ca_care.h"

#include <chrono>

#include "cert/internal_ca.h"

namespace gate::app {
namespace {

base::Result<void> refresh_list(const std::string& state_folder, base::WallTime now) {
  if (!cert::InternalCa::exists(state_folder)) return {};
  GATE_TRY_ASSIGN(auto ca, cert::InternalCa::open(state_folder, now));
  return ca.refresh_list(now);
}

}  // namespace

base::Result<void> InternalCaCare::check() const {
  GATE_TRY(cert::InternalCa::open(state_folder_, clock_.wall()));
  return {};
}

void InternalCaCare::look(const std::function<void(const base::Error& error)>& tell) {
  // Lists are good for days: commands that revoke sign them anew themselves.
  constexpr std::chrono::minutes kPause{10};
  if (looked_ && clock_.now() - *looked_ < kPause) return;
  looked_ = clock_.now();
  const auto refreshed = refresh_list(state_folder_, clock_.wall());
  if (!refreshed && refreshed.error().what != problem_) tell(refreshed.error());
  problem_ = refreshed ? "" : refreshed.error().what;
}

}  // namespace gate::app
