#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gate::app {

// A QR code (ISO/IEC 18004): byte mode, error correction level M, versions 1 to 10, which hold 213 bytes. A value.
class QrCode {
 public:
  // Nothing when the text is too long.
  static std::optional<QrCode> encode(std::string_view text);

  // Modules a side, without the quiet zone.
  int size() const { return size_; }
  bool dark(int x, int y) const { return modules_[index(x, y)]; }

  // The code with its quiet zone, two modules a character, a line end behind each line. With `colour` it says dark on
  // light itself; without, it shows light modules as blocks, for terminals of light text on dark ground.
  std::string to_half_blocks(bool colour) const;

 private:
  friend class QrPainter;
  explicit QrCode(int size) : size_(size), modules_(static_cast<std::size_t>(size) * static_cast<std::size_t>(size)) {}
  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(size_) + static_cast<std::size_t>(x);
  }

  int size_;
  std::vector<bool> modules_;
};

}  // namespace gate::app
