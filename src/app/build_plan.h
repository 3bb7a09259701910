#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/certificates.h"
#include "app/settings.h"
#include "http/challenge_source.h"
#include "server/plan.h"
#include "tls/server_context.h"

namespace gate::app {

// Numbers for sites in metrics: a name keeps its number over all reloads, and none is given twice. 0 is for requests
// that no site took.
class SiteNumbers {
 public:
  static constexpr std::uint32_t kUnclaimed = 0;

  std::uint32_t of(const std::string& name);
  const std::vector<std::string>& names() const { return names_; }  // by number

 private:
  std::map<std::string, std::uint32_t> numbers_;
  std::vector<std::string> names_{"-"};
};

// What a plan takes from its surroundings.
struct PlanInputs {
  std::uint64_t generation = 0;
  std::uint32_t workers = 1;
  std::uint32_t connections_max = 0;  // of the process
  observe::LogTarget access_log{};
  std::vector<observe::LogTarget> site_logs{};  // by site
  std::vector<base::WallTime> hsts_began{};     // by site; for those with a ramp
  std::uint16_t https_port = 443;               // where plain HTTP is redirected to
  std::uint16_t http3_port = 0;                 // where HTTP/3 is served; 0: nowhere
  std::vector<server::ProxyProtocolAddress> proxy_protocol{};
  const http::ChallengeSource& challenges;  // outlives the plan
};

// Takes the services of the sites out of `settings`.
std::shared_ptr<const server::Plan> build_plan(Settings& settings, const PlanInputs& inputs, SiteNumbers& numbers);

// The TLS side of the same configuration. `credentials` and `ticket_keys` are borrowed until contexts are made of it.
tls::ServerSettings tls_settings(const Settings& settings, const std::vector<SiteCredentials>& credentials,
                                 const tls::TicketKeys& ticket_keys, tls::KeyLog key_log);

}  // namespace gate::app
