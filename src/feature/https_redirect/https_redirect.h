#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "http/challenge_source.h"
#include "http/service.h"

namespace gate::https_redirect {

// What a site answers to plain HTTP.
enum class ClearHttp : std::uint8_t {
  kRedirect,  // to itself over HTTPS
  kAllow,     // the same as over HTTPS
};

// Answers the ACME challenge paths of every host and lets all other requests pass: the first service on port 80, before
// the site is chosen, since a certificate must be had for sites that redirect and for those that do not.
class ChallengePlan final : public http::ServicePlan {
 public:
  // `source` outlives the plan.
  explicit ChallengePlan(const http::ChallengeSource& source) : source_(source) {}
  std::unique_ptr<http::Service> build(const http::ServiceEnvironment& environment) const override;

 private:
  const http::ChallengeSource& source_;
};

// Sends every request to the same host, path and query over HTTPS.
class HttpsRedirectPlan final : public http::ServicePlan {
 public:
  static constexpr std::uint16_t kHttpsPort = 443;

  // `https_port` is where clients reach the site from outside; it is shown in the URL unless it is 443.
  explicit HttpsRedirectPlan(std::uint16_t https_port = kHttpsPort);

  std::unique_ptr<http::Service> build(const http::ServiceEnvironment& environment) const override;
  bool takes_all() const override { return true; }

 private:
  std::string port_;  // ":8443", or empty
};

}  // namespace gate::https_redirect
