#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "cert/certificate.h"

namespace gate::cert {

// What an authority may sign (RFC 5280 4.2.1.10): these domains with everything below them, and these addresses.
struct NameConstraints {
  std::vector<std::string> domains;
  std::vector<std::string> blocks;  // CIDRs

  // Names that mean this machine or this network to everybody, and private addresses.
  static NameConstraints local();

  // The permitted names stated in `authority`; nothing is permitted if it states none.
  static NameConstraints of(const Certificate& authority);

  // Also permits the DNS name, wildcard or address `name`.
  void permit(std::string_view name);

  bool permits(std::string_view name) const;

  // The extension's value in the library's configuration syntax.
  std::string to_extension_text() const;
};

// Whether `name` is a DNS name of letters, digits, hyphens and underscores, within RFC 1035's limits, perhaps with
// "*" as its first label, or an IP address.
bool is_name_or_address(std::string_view name);

}  // namespace gate::cert
