#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "dns/message.h"
#include "dns/name.h"

// What stands in records. Readers yield nothing for a record of another type, and where its data is malformed.
namespace gate::dns {

// Of A and AAAA.
std::optional<base::IpAddress> address_in(const Record& record);
std::string address_data(const base::IpAddress& address);

// Of NS, CNAME and PTR.
std::optional<Name> name_in(const Record& record);

// Of SOA: what is looked at here (RFC 1035 3.3.13).
struct Authority {
  Name primary;
  std::uint32_t serial = 0;
};
std::optional<Authority> authority_in(const Record& record);

// Of TXT: its strings as one text, as everybody who stores more than 255 bytes in it means them.
std::optional<std::string> text_in(const Record& record);
// `text` in as many strings as it needs.
std::string text_data(std::string_view text);

// Of CAA (RFC 8659 4.1).
struct Permission {
  bool critical = false;
  std::string tag;  // in lower case
  std::string value;
};
std::optional<Permission> permission_in(const Record& record);

// Of SVCB and HTTPS (RFC 9460 2.2). The values of the parameters are as sent.
struct ServiceBinding {
  std::uint16_t priority = 1;  // 0: an alias
  Name target;
  std::map<std::uint16_t, std::string> parameters;
};
inline constexpr std::uint16_t kAlpnParameter = 1;  // RFC 9460 14.3.2
inline constexpr std::uint16_t kEchParameter = 5;   // RFC 9848
std::optional<ServiceBinding> binding_in(const Record& record);
std::string binding_data(const ServiceBinding& binding);

}  // namespace gate::dns
