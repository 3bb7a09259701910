#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "http/service.h"
#include "http/text_template.h"

namespace gate::redirect {

// Sends every request elsewhere. No request can choose where to: the host of the target is text of the configuration
// or the host the client asked for, and a target that is a path stays on this host.
class RedirectPlan final : public http::ServicePlan {
 public:
  static constexpr std::uint16_t kDefaultStatus = 308;

  // `target` is a path from "/" or a URL "https://…", with placeholders. Fails, with the reason in `what`, for others.
  static base::Result<std::unique_ptr<const RedirectPlan>> create(std::string_view target, std::uint16_t status);

  std::unique_ptr<http::Service> build(const http::ServiceEnvironment& environment) const override;
  bool takes_all() const override { return true; }

 private:
  class Redirect;

  RedirectPlan(http::TextTemplate target, bool on_this_host, std::uint16_t status);

  http::TextTemplate target_;
  bool on_this_host_;
  std::uint16_t status_;
};

}  // namespace gate::redirect
