#pragma once

#include <string>
#include <vector>

#include "app/settings.h"

namespace gate::app {

// "acme-v02.api.letsencrypt.org": the authority that is asked first.
std::string authority_host(const AcmeSettings& settings);

// What a start would order, a line for each site: "www.example.com: from acme-v02.api.letsencrypt.org, proven by
// http-01 or tls-alpn-01". Certificates that are there already are not looked at.
std::vector<std::string> describe_orders(const Settings& settings);

}  // namespace gate::app
