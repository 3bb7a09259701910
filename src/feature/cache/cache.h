#pragma once

#include <memory>
#include <utility>

#include "feature/cache/settings.h"
#include "http/service.h"

namespace gate::cache {

// Keeps the responses of the statements behind it, and answers with them (RFC 9111).
class CachePlan final : public http::ServicePlan {
 public:
  explicit CachePlan(CacheSettings settings) : settings_(std::make_shared<const CacheSettings>(std::move(settings))) {}

  const CacheSettings& settings() const { return *settings_; }
  std::unique_ptr<http::Service> build(const http::ServiceEnvironment& environment) const override;
  http::Flow explain(http::Exchange& exchange, http::Explanation& explanation) const override;

 private:
  std::shared_ptr<const CacheSettings> settings_;
};

}  // namespace gate::cache
