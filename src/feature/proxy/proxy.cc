#include "feature/proxy/proxy.h"

#include <utility>
#include <vector>

#include "base/check.h"
#include "client/context.h"
#include "feature/proxy/check.h"
#include "feature/proxy/forwarding.h"
#include "feature/proxy/proxied.h"
#include "feature/proxy/upstream.h"
#include "http/exchange.h"

namespace gate::proxy {
namespace {

class Proxy final : public http::Service {
 public:
  Proxy(const ProxySettings& settings, const http::ServiceEnvironment& environment)
      : upstream_(settings, *environment.client), with_{settings, upstream_, *environment.client} {
    if (settings.check.path.empty()) return;
    for (Server& server : upstream_.servers()) {
      checks_.push_back(std::make_unique<Check>(settings, server, *environment.client));
    }
  }

  http::Flow handle(http::Exchange& exchange) override {
    if (refuse_loop(exchange)) return http::Flow::kTaken;
    auto body = exchange.make_body<Proxied>(with_, exchange);
    auto& proxied = static_cast<Proxied&>(*body);
    exchange.response.body = std::move(body);
    proxied.start();
    return http::Flow::kTaken;
  }

 private:
  Upstream upstream_;
  const Surroundings with_;
  std::vector<std::unique_ptr<Check>> checks_;
};

}  // namespace

std::unique_ptr<http::Service> ProxyPlan::build(const http::ServiceEnvironment& environment) const {
  GATE_CHECK(environment.client != nullptr);
  return std::make_unique<Proxy>(settings_, environment);
}

}  // namespace gate::proxy
