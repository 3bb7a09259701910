#pragma once

#include <string>
#include <string_view>

namespace gate::http::testing {

// "8286 84" → the bytes; lower-case digits.
inline std::string octets(std::string_view hex) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string bytes;
  bool half = false;
  for (const char c : hex) {
    if (c == ' ') continue;
    const auto digit = static_cast<char>(kDigits.find(c));
    if (half) {
      bytes.back() = static_cast<char>(bytes.back() << 4 | digit);
    } else {
      bytes.push_back(digit);
    }
    half = !half;
  }
  return bytes;
}

}  // namespace gate::http::testing
