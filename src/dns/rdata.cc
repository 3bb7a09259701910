#include "dns/rdata.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "dns/wire_reader.h"
#include "dns/wire_writer.h"

namespace gate::dns {
namespace {

constexpr std::size_t kStringBytesMax = 255;

template <std::size_t N>
std::array<std::uint8_t, N> octets_of(std::string_view data) {
  std::array<std::uint8_t, N> octets{};
  std::ranges::copy(data.substr(0, N), octets.begin());
  return octets;
}

WireReader reader_of(const Record& record) { return WireReader(base::as_bytes(record.data)); }

}  // namespace

std::optional<base::IpAddress> address_in(const Record& record) {
  if (record.type == Type::kA && record.data.size() == 4) return base::IpAddress::v4(octets_of<4>(record.data));
  if (record.type == Type::kAaaa && record.data.size() == 16) return base::IpAddress::v6(octets_of<16>(record.data));
  return std::nullopt;
}

std::string address_data(const base::IpAddress& address) {
  const auto octets = base::as_text(std::as_bytes(address.octets()));
  return std::string(address.is_v4() ? octets.substr(12) : octets);
}

std::optional<Name> name_in(const Record& record) {
  const bool fits = record.type == Type::kNs || record.type == Type::kCname || record.type == Type::kPtr;
  if (!fits) return std::nullopt;
  auto reader = reader_of(record);
  auto name = reader.name();
  return reader.left() == 0 ? name : std::nullopt;
}

std::optional<Authority> authority_in(const Record& record) {
  if (record.type != Type::kSoa) return std::nullopt;
  auto reader = reader_of(record);
  auto primary = reader.name();
  const auto mailbox = reader.name();
  const auto serial = reader.u32();
  if (!primary || !mailbox || !serial) return std::nullopt;
  return Authority{*std::move(primary), *serial};
}

std::optional<std::string> text_in(const Record& record) {
  if (record.type != Type::kTxt || record.data.empty()) return std::nullopt;
  std::string text;
  for (base::ByteReader reader(base::as_bytes(record.data)); !reader.empty();) {
    const auto string = reader.vector8();
    if (!string) return std::nullopt;
    text += base::as_text(*string);
  }
  return text;
}

std::string text_data(std::string_view text) {
  WireWriter data;
  do {
    const auto string = text.substr(0, kStringBytesMax);
    data.string8(string);
    text.remove_prefix(string.size());
  } while (!text.empty());
  return std::move(data).bytes();
}

std::optional<Permission> permission_in(const Record& record) {
  constexpr unsigned kCritical = 0x80;
  if (record.type != Type::kCaa) return std::nullopt;
  base::ByteReader reader(base::as_bytes(record.data));
  const auto flags = reader.u8();
  const auto tag = reader.vector8();
  if (!flags || !tag || tag->empty()) return std::nullopt;
  return Permission{(*flags & kCritical) != 0, base::lowered(base::as_text(*tag)),
                    std::string(base::as_text(reader.rest()))};
}

std::optional<ServiceBinding> binding_in(const Record& record) {
  if (record.type != Type::kSvcb && record.type != Type::kHttps) return std::nullopt;
  auto reader = reader_of(record);
  const auto priority = reader.u16();
  auto target = reader.name();
  if (!priority || !target) return std::nullopt;
  ServiceBinding binding{*priority, *std::move(target), {}};
  while (reader.left() > 0) {
    const auto key = reader.u16();
    const auto value = reader.vector16();
    // RFC 9460 2.2: "SvcParamKeys SHALL appear in increasing numeric order", and so none twice.
    const bool rises = key && (binding.parameters.empty() || *key > binding.parameters.rbegin()->first);
    if (!value || !rises) return std::nullopt;
    binding.parameters.emplace(*key, base::as_text(*value));
  }
  return binding;
}

std::string binding_data(const ServiceBinding& binding) {
  WireWriter data;
  data.u16(binding.priority);
  data.name(binding.target);
  for (const auto& [key, value] : binding.parameters) {
    data.u16(key);
    data.string16(value);
  }
  return std::move(data).bytes();
}

}  // namespace gate::dns
