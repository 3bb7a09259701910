#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gate::http {

// A weight in thousandths: 1000 is "1", 0 is "not acceptable" (RFC 9110 12.4.2).
using Quality = std::uint16_t;
inline constexpr Quality kQualityMax = 1000;

// One member of a list like Accept-Encoding: "gzip;q=0.8". `value` has no parameters and no surrounding blanks.
struct QualityItem {
  std::string_view value;
  Quality quality = kQualityMax;
};

// Reads such a list from front to back. A member with a malformed weight is passed over, as are empty ones.
class QualityList {
 public:
  // Bounds the work a long list can ask for; what follows is as if it were not there.
  static constexpr std::size_t kItemsMax = 64;

  explicit QualityList(std::string_view list) : rest_(list) {}
  std::optional<QualityItem> next();

 private:
  std::string_view rest_;
  std::size_t seen_ = 0;
};

// RFC 9110 12.4.2: "0", "0.5", "1.000"; nothing for any other text.
std::optional<Quality> parse_quality(std::string_view text);

}  // namespace gate::http
