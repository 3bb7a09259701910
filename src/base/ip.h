#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gate::base {

// An IPv4 or IPv6 address. IPv4 is held as its IPv4-mapped IPv6 form (RFC 4291 2.5.5.2), so that one address has
// one representation whichever socket it came through.
class IpAddress {
 public:
  IpAddress() = default;
  static IpAddress v4(std::array<std::uint8_t, 4> octets);
  static IpAddress v6(std::array<std::uint8_t, 16> octets) { return IpAddress(octets); }

  // "192.0.2.1", "2001:db8::1" or "[2001:db8::1]"; nothing for anything else (no zones, no ports).
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const;
  bool is_loopback() const;
  bool is_unspecified() const;
  std::span<const std::uint8_t, 16> octets() const { return octets_; }
  std::string to_string() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  explicit IpAddress(std::array<std::uint8_t, 16> octets) : octets_(octets) {}
  std::array<std::uint8_t, 16> octets_{};
};

// A block of addresses, "192.0.2.0/24" or "2001:db8::/32"; a bare address is a block of one.
class Cidr {
 public:
  static std::optional<Cidr> parse(std::string_view text);
  bool contains(const IpAddress& address) const;
  std::string to_string() const;

  friend bool operator==(const Cidr&, const Cidr&) = default;

 private:
  IpAddress network_;
  unsigned prefix_bits_ = 0;  // of the 128-bit form
};

// An address and a TCP or UDP port.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  // "192.0.2.1:443", "[2001:db8::1]:443"; the address may not be left out.
  static std::optional<Endpoint> parse(std::string_view text);
  std::string to_string() const;

  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

}  // namespace gate::base
