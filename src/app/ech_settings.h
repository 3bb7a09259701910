#pragma once

#include <memory>
#include <string>
#include <vector>

#include "conf/tree.h"

namespace gate::app {

struct DnsProofSettings;
struct Settings;

// Encrypted names of sites (RFC 9849).
struct EchSettings {
  std::string outer_name;  // what observers see instead; empty: names go in clear
  conf::Position at{};
  bool publish = false;                               // keep the HTTPS records of the sites
  std::shared_ptr<const DnsProofSettings> updates{};  // through this server; null: through that of each site
};

// A name of a site that clients can ask for encrypted.
struct EchName {
  std::string name;
  std::vector<std::string> protocols;                 // ALPN
  std::shared_ptr<const DnsProofSettings> updates{};  // whose server takes its HTTPS record; null: it is made by hand
};
std::vector<EchName> ech_names(const Settings& settings);

}  // namespace gate::app
