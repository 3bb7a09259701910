#include "bench/bars/stage.h"

#include <fmt/format.h>

#include "app/build_plan.h"
#include "app/configuration_source.h"
#include "base/check.h"
#include "conf/environment.h"
#include "conf/format.h"
#include "http/chain.h"
#include "http/challenge_source.h"
#include "http/exchange.h"

namespace gate::bench {
namespace {

std::shared_ptr<const server::Plan> plan_of(const std::string& text) {
  const conf::SystemEnvironment environment;
  auto loaded = app::load_configuration({.path = {}, .text = text}, environment);
  if (!loaded.good()) fmt::print(stderr, "{}", loaded.report());
  GATE_CHECK(loaded.good());
  static const http::NoChallenges challenges;
  app::PlanInputs inputs{.http3_port = 443, .challenges = challenges};
  inputs.site_logs.resize(loaded.settings.sites.size());
  inputs.hsts_began.resize(loaded.settings.sites.size());
  app::SiteNumbers numbers;
  return app::build_plan(loaded.settings, inputs, numbers);
}

}  // namespace

// Valgrind does not know openat2, without which there are no `files`: the site answers from memory.
Stage::Stage() {
  plan_ = plan_of(fmt::format("site www.example.com {{\n  tls local\n  respond 200 {}\n}}\n",
                              conf::quoted(std::string(kBodyBytes, 'x'))));
  static_cast<void>(sites_.adopt(*plan_));
  limits_ = *plan_->limits;
  limits_.requests_per_connection_max = UINT64_MAX;
  connection_.secure = true;
}

void Stage::dispatch(http::Exchange& exchange) {
  server::Site* site = sites_.find(exchange.request.host);
  GATE_CHECK(site != nullptr);
  exchange.error_pages = plan_->error_pages.get();
  if (site->service->handle(exchange) != http::Flow::kTaken) http::refuse_unanswered(exchange);
}

void Stage::finished(const http::Exchange& exchange) {
  constexpr std::uint16_t kOk = 200;
  if (exchange.response.status == kOk && exchange.outcome == http::Outcome::kComplete) ++answered_;
}

void Stage::violation(const http::ConnectionInfo&, const http::WireEvent& event) {
  fmt::print(stderr, "the requests break a rule: {}\n", event.what);
  GATE_CHECK(false);
}

}  // namespace gate::bench
