#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

#include "app/settings.h"
#include "base/ip.h"
#include "base/result.h"
#include "http/explanation.h"

namespace gate::app {

// A request that nobody has sent.
struct RequestToExplain {
  std::string method = "GET";
  std::string url;                  // "https://example.com/api/users?id=1"
  std::vector<std::string> fields;  // "Accept: application/json"
  base::IpAddress client;
};

// The way that request takes through the configuration: listener, site, each statement from top to bottom and what it
// does, the answer as far as it is given here. It goes through the parser, the tables and the statements that serve,
// but asks no other server. `servers` are those behind as the running server sees them; null where it could not be
// asked. Takes the services out of `settings`. Fails with kNotARequest.
base::Result<nlohmann::json> explain_request(Settings& settings, const RequestToExplain& request,
                                             const http::Explanation::ServerStates* servers);

}  // namespace gate::app
