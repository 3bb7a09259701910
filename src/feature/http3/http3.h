#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "http/service.h"

namespace gate::http3 {

// What a site says of HTTP/3.
struct SitePolicy {
  bool on = true;
  bool early_data = false;  // GET and HEAD may come with the first packet of a returning client (RFC 8470)
};

// Tells clients that came over TCP that the site can also be had by HTTP/3 (RFC 7838, RFC 9114 3.1.1). Takes no
// request.
class AlternativePlan final : public http::ServicePlan {
 public:
  // How long clients may keep it in mind. They go on over TCP when nobody answers there.
  static constexpr std::chrono::seconds kLifetime = std::chrono::hours(24);

  // `port` is the UDP port, as clients see it.
  explicit AlternativePlan(std::uint16_t port);

  std::unique_ptr<http::Service> build(const http::ServiceEnvironment& environment) const override;

 private:
  std::string value_;  // h3=":443"; ma=86400
};

}  // namespace gate::http3
