#pragma once

#include <memory>

#include "feature/proxy/settings.h"
#include "http/service.h"

namespace gate::proxy {

// Passes every request on to one of several servers.
class ProxyPlan final : public http::ServicePlan {
 public:
  explicit ProxyPlan(ProxySettings settings) : settings_(std::move(settings)) {}

  std::unique_ptr<http::Service> build(const http::ServiceEnvironment& environment) const override;
  bool takes_all() const override { return true; }
  http::Flow explain(http::Exchange& exchange, http::Explanation& explanation) const override;

 private:
  ProxySettings settings_;
};

}  // namespace gate::proxy
