#include "cert/name_constraints.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <bit>

#include "base/text.h"
#include "cert/native.h"

namespace gate::cert {

namespace {

// RFC 6761 6.4: a name that never exists, to permit when no name is to be permitted.
constexpr std::string_view kNoDomain = "invalid";

std::string_view without_wildcard(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  return name;
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && std::all_of(label.begin(), label.end(), [](char c) {
    return base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '_';
  });
}

bool is_at_or_below(std::string_view name, std::string_view domain) {
  if (name.size() == domain.size()) return base::equals_ignoring_case(name, domain);
  return name.size() > domain.size() && name[name.size() - domain.size() - 1] == '.' &&
         base::equals_ignoring_case(name.substr(name.size() - domain.size()), domain);
}

// "127.0.0.0/255.0.0.0": the library wants a mask where people write a length.
std::string address_and_mask(std::string_view block) {
  const auto slash = block.find('/');
  const auto address = base::IpAddress::parse(block.substr(0, slash));
  const auto length = base::parse_number<unsigned>(block.substr(slash + 1));
  const unsigned offset = address->is_v4() ? 96 : 0;
  std::array<std::uint8_t, 16> mask{};
  for (unsigned bit = 0; bit < offset + *length; ++bit) mask[bit / 8] |= static_cast<std::uint8_t>(0x80 >> (bit % 8));
  if (!address->is_v4()) return fmt::format("{}/{}", address->to_string(), base::IpAddress::v6(mask).to_string());
  return fmt::format("{}/{}.{}.{}.{}", address->to_string(), mask[12], mask[13], mask[14], mask[15]);
}

// RFC 5280 4.2.1.10: an address followed by a mask of the same length.
std::string block_of(std::span<const std::uint8_t> octets) {
  const auto address = octets.first(octets.size() / 2);
  int length = 0;
  for (const std::uint8_t byte : octets.last(octets.size() / 2)) length += std::popcount(byte);
  if (octets.size() == 8) {
    return fmt::format("{}.{}.{}.{}/{}", address[0], address[1], address[2], address[3], length);
  }
  std::array<std::uint8_t, 16> v6{};
  std::copy_n(address.begin(), std::min(address.size(), v6.size()), v6.begin());
  return fmt::format("{}/{}", base::IpAddress::v6(v6).to_string(), length);
}

void add_subtree(NameConstraints& constraints, const GENERAL_NAME& subtree) {
  const bool is_address = subtree.type == GEN_IPADD;
  constraints.mail |= subtree.type == GEN_EMAIL;
  if (!is_address && subtree.type != GEN_DNS) return;
  const ASN1_STRING* text = is_address ? subtree.d.iPAddress : subtree.d.dNSName;
  const std::span bytes(ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text)));
  if (!is_address) {
    const std::string_view domain = base::as_text(std::as_bytes(bytes));
    if (domain != kNoDomain) constraints.domains.emplace_back(domain);
  } else if (bytes.size() == 8 || bytes.size() == 32) {
    constraints.blocks.push_back(block_of(bytes));
  }
}

}  // namespace

NameConstraints NameConstraints::local() {
  return {
      // RFC 6761 (localhost, test), RFC 6762 (local), RFC 8375 (home.arpa), ICANN resolution 2024.07.29.06 (internal);
      // "lan" is what home routers call their network.
      .domains = {"localhost", "local", "test", "internal", "home.arpa", "lan"},
      // RFC 1122, 1918, 3927, 6598; RFC 4291, 4193.
      .blocks = {"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
                 "::1/128", "fc00::/7", "fe80::/10"},
  };
}

NameConstraints NameConstraints::of(const Certificate& authority) {
  NameConstraints constraints;
  const std::uint8_t* at = native_data(authority.der());
  bssl::UniquePtr<X509> x509(d2i_X509(nullptr, &at, static_cast<long>(authority.der().size())));
  if (x509 == nullptr) return constraints;
  bssl::UniquePtr<NAME_CONSTRAINTS> stated(
      static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(x509.get(), NID_name_constraints, nullptr, nullptr)));
  const std::size_t count = stated == nullptr ? 0 : sk_GENERAL_SUBTREE_num(stated->permittedSubtrees);
  for (std::size_t i = 0; i < count; ++i) {
    add_subtree(constraints, *sk_GENERAL_SUBTREE_value(stated->permittedSubtrees, i)->base);
  }
  ERR_clear_error();
  return constraints;
}

bool NameConstraints::are_stated_in(const Certificate& authority) {
  const std::uint8_t* at = native_data(authority.der());
  bssl::UniquePtr<X509> x509(d2i_X509(nullptr, &at, static_cast<long>(authority.der().size())));
  return x509 != nullptr && X509_get_ext_by_NID(x509.get(), NID_name_constraints, -1) >= 0;
}

void NameConstraints::permit(std::string_view name) {
  if (permits(name)) return;
  const auto address = base::IpAddress::parse(name);
  if (!address) {
    domains.push_back(base::lowered(without_wildcard(name)));
  } else {
    blocks.push_back(fmt::format("{}/{}", address->to_string(), address->is_v4() ? 32 : 128));
  }
}

bool NameConstraints::permit_domain_or_block(std::string_view text) {
  if (const auto block = base::Cidr::parse(text)) {
    blocks.push_back(block->to_string());
    return true;
  }
  if (!is_name_or_address(text)) return false;
  domains.push_back(base::lowered(without_wildcard(text)));
  return true;
}

bool NameConstraints::permits(std::string_view name) const {
  if (const auto address = base::IpAddress::parse(name)) {
    return std::any_of(blocks.begin(), blocks.end(), [&](const std::string& block) {
      const auto cidr = base::Cidr::parse(block);
      return cidr && cidr->contains(*address);
    });
  }
  return std::any_of(domains.begin(), domains.end(),
                     [&](const std::string& domain) { return is_at_or_below(without_wildcard(name), domain); });
}

bool NameConstraints::permits_mail(std::string_view address) const {
  const auto at = address.rfind('@');
  return at != std::string_view::npos && std::any_of(domains.begin(), domains.end(), [&](const std::string& domain) {
           return is_at_or_below(address.substr(at + 1), domain);
         });
}

std::string NameConstraints::to_extension_text() const {
  std::vector<std::string> parts{"critical"};
  for (const auto& domain : domains) parts.push_back("permitted;DNS:" + domain);
  for (const auto& block : blocks) parts.push_back("permitted;IP:" + address_and_mask(block));
  // RFC 5280 4.2.1.10: "If no name of the type is in the certificate, the certificate is acceptable" and a type that no
  // subtree speaks of is not restricted at all.
  if (domains.empty()) parts.push_back(fmt::format("permitted;DNS:{}", kNoDomain));
  if (blocks.empty()) parts.emplace_back("excluded;IP:0.0.0.0/0.0.0.0,excluded;IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0");
  if (mail) {
    // RFC 5280 4.2.1.10: "host.example.com" is the mailboxes of that host, ".example.com" those of the hosts below.
    for (const auto& domain : domains) parts.push_back(fmt::format("permitted;email:{0},permitted;email:.{0}", domain));
    if (domains.empty()) parts.push_back(fmt::format("permitted;email:{}", kNoDomain));
  }
  return fmt::format("{}", fmt::join(parts, ","));
}

bool is_mail_address(std::string_view address) {
  constexpr std::size_t kLocalPartMax = 64;  // RFC 5321 4.5.3.1.1
  constexpr std::string_view kMarks = ".!#$%&'*+-/=?^_`{|}~";
  const auto at = address.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > kLocalPartMax) return false;
  const auto domain = address.substr(at + 1);
  return is_name_or_address(domain) && !domain.starts_with('*') && !base::IpAddress::parse(domain) &&
         std::ranges::all_of(address.substr(0, at), [&](char c) {
           return base::is_alpha(c) || base::is_digit(c) || kMarks.find(c) != std::string_view::npos;
         });
}

bool is_name_or_address(std::string_view name) {
  if (base::IpAddress::parse(name)) return true;
  std::string_view rest = without_wildcard(name);
  if (rest.empty() || rest.size() > 253) return false;
  while (!rest.empty()) {
    if (!is_label(base::split_off(rest, '.'))) return false;
  }
  return !name.ends_with('.');
}

}  // namespace gate::cert
