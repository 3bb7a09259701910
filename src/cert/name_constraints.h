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
  std::vector<std::string> domains{};
  std::vector<std::string> blocks{};  // CIDRs
  bool mail = false;                  // mail addresses too: those of `domains` and nobody else's

  // Names that mean this machine or this network to everybody, and private addresses.
  static NameConstraints local();

  // The permitted names stated in `authority`; nothing is permitted if it states none.
  static NameConstraints of(const Certificate& authority);

  // Whether `authority` states any.
  static bool are_stated_in(const Certificate& authority);

  // Also permits the DNS name, wildcard or address `name`.
  void permit(std::string_view name);

  // Also permits the domain or the block of addresses that `text` is; false when it is neither.
  bool permit_domain_or_block(std::string_view text);

  bool permits(std::string_view name) const;

  // Whether `address` ("ann@example.com") is at a permitted domain.
  bool permits_mail(std::string_view address) const;

  // The extension's value in the library's configuration syntax. What is not permitted is forbidden, also where no
  // name of a kind is permitted at all.
  std::string to_extension_text() const;
};

// Whether `name` is a DNS name of letters, digits, hyphens and underscores, within RFC 1035's limits, perhaps with
// "*" as its first label, or an IP address.
bool is_name_or_address(std::string_view name);

// Whether `address` is a mail address of the plain kind: letters, digits and ".!#$%&'*+-/=?^_`{|}~" before the "@", a
// DNS name behind it (RFC 5322's dot-atom, RFC 5280 4.2.1.6).
bool is_mail_address(std::string_view address);

}  // namespace gate::cert
