#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "http/quality_list.h"

namespace gate::http {

// The content codings this program writes (RFC 9110 8.4.1, RFC 7932, RFC 8878).
enum class ContentCoding : std::uint8_t { kIdentity, kGzip, kBrotli, kZstd };
inline constexpr std::size_t kContentCodings = 4;

// "gzip", "br", "zstd", "identity".
std::string_view to_string(ContentCoding coding);
std::optional<ContentCoding> to_content_coding(std::string_view name);

// What an Accept-Encoding field allows.
class AcceptedCodings {
 public:
  // `field` is the combined value, absent when the request has none. Then only identity counts as acceptable: clients
  // that say nothing are the ones that cannot decode.
  explicit AcceptedCodings(std::optional<std::string_view> field);

  // RFC 9110 12.5.3; 0 is "not acceptable".
  Quality quality(ContentCoding coding) const { return qualities_[static_cast<std::size_t>(coding)]; }

  // The best of `offered`: the highest weight, and among equals the one offered first. Identity, which always can be
  // sent, when none of them is acceptable or the client likes identity strictly better.
  ContentCoding best(std::span<const ContentCoding> offered) const;

 private:
  std::array<Quality, kContentCodings> qualities_{};
};

}  // namespace gate::http
