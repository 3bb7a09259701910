#pragma once

#include <string>
#include <vector>

#include "app/certificates.h"
#include "app/listeners.h"
#include "app/settings.h"

namespace gate::app {

// What a person sees when the server has started: the URLs, the ports, the certificates, how safe it is, where things
// are. At most 80 columns for names of ordinary length; no colour.
std::string first_screen(const Settings& settings, const std::vector<SiteCredentials>& credentials,
                         const std::vector<server::ListenerAddress>& addresses, base::WallTime now);

// "https://example.com", "https://localhost:8443", "https://[::1]": the first name of a site as one types it.
std::string site_url(const SiteSettings& site, std::uint16_t https_port);

}  // namespace gate::app
