#pragma once

#include <memory>

#include "feature/acme_server/desk.h"
#include "http/service.h"

namespace gate::acme_server {

// Answers ACME clients (RFC 8555) for the internal authority: takes in their requests, bounded, and sends what the desk
// says. Requests for other paths go on.
class AcmeServerPlan final : public http::ServicePlan {
 public:
  explicit AcmeServerPlan(AcmeServerSettings settings);

  std::unique_ptr<http::Service> build(const http::ServiceEnvironment& environment) const override;
  http::Flow explain(http::Exchange& exchange, http::Explanation& explanation) const override;

  const AcmeServerSettings& settings() const { return *statement_; }

 private:
  Statement statement_;
};

}  // namespace gate::acme_server
