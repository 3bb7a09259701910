#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace gate::app {

// The codewords of a QR code before they are drawn: data and error correction, interleaved (ISO/IEC 18004 7.4 to 7.6).
struct QrCodewords {
  int version = 1;
  std::vector<std::uint8_t> bytes;
};

// In the smallest version that holds the text at level M; nothing when version 10 does not.
std::optional<QrCodewords> qr_codewords(std::string_view text);

}  // namespace gate::app
