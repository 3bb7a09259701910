#include "app/trust/qr_code.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "app/trust/qr_codewords.h"

namespace gate::app {

namespace {

constexpr int kMasks = 8;
constexpr int kQuietZone = 4;

// ISO/IEC 18004 table 10.
bool mask_inverts(int mask, int x, int y) {
  switch (mask) {
    case 0: return (x + y) % 2 == 0;
    case 1: return y % 2 == 0;
    case 2: return x % 3 == 0;
    case 3: return (x + y) % 3 == 0;
    case 4: return (x / 3 + y / 2) % 2 == 0;
    case 5: return x * y % 2 + x * y % 3 == 0;
    case 6: return (x * y % 2 + x * y % 3) % 2 == 0;
    default: return ((x + y) % 2 + x * y % 3) % 2 == 0;
  }
}

// The remainder of a binary division: the check bits of format and version (annexes C and D).
unsigned check_bits(unsigned value, unsigned divisor, int degree) {
  unsigned rest = value;
  for (int i = 0; i < degree; ++i) rest = rest << 1U ^ (rest >> static_cast<unsigned>(degree - 1)) * divisor;
  return rest;
}

bool bit(unsigned value, int number) { return (value >> static_cast<unsigned>(number) & 1U) != 0; }

}  // namespace

// Draws a code: patterns first, then codewords around them, then the mask that disturbs readers least.
class QrPainter {
 public:
  explicit QrPainter(const QrCodewords& words)
      : version_(words.version),
        size_(17 + 4 * words.version),
        code_(size_),
        is_pattern_(static_cast<std::size_t>(size_) * static_cast<std::size_t>(size_)) {
    draw_patterns();
    draw_codewords(words.bytes);
  }

  QrCode finish() && {
    int best = 0;
    int least = std::numeric_limits<int>::max();
    for (int mask = 0; mask < kMasks; ++mask) {
      apply(mask);
      draw_format(mask);
      if (const int penalty = this->penalty(); penalty < least) {
        least = penalty;
        best = mask;
      }
      apply(mask);  // takes it off again
    }
    apply(best);
    draw_format(best);
    return std::move(code_);
  }

 private:
  void set(int x, int y, bool dark) {
    code_.modules_[code_.index(x, y)] = dark;
    is_pattern_[code_.index(x, y)] = true;
  }

  void draw_patterns() {
    for (int i = 0; i < size_; ++i) {
      set(6, i, i % 2 == 0);
      set(i, 6, i % 2 == 0);
    }
    draw_finder(3, 3);
    draw_finder(size_ - 4, 3);
    draw_finder(3, size_ - 4);
    draw_alignments();
    draw_format(0);  // so that its place is taken
    draw_version();
  }

  // With the light border around it.
  void draw_finder(int center_x, int center_y) {
    for (int dy = -4; dy <= 4; ++dy) {
      for (int dx = -4; dx <= 4; ++dx) {
        const int x = center_x + dx;
        const int y = center_y + dy;
        const int distance = std::max(std::abs(dx), std::abs(dy));
        if (x >= 0 && x < size_ && y >= 0 && y < size_) set(x, y, distance != 2 && distance != 4);
      }
    }
  }

  // Annex E: rows and columns of their centres; those in the corners would cover finders.
  void draw_alignments() {
    if (version_ == 1) return;
    std::vector<int> centers{6, size_ - 7};
    if (version_ >= 7) centers.insert(centers.begin() + 1, (size_ - 1) / 2);
    for (const int x : centers) {
      for (const int y : centers) {
        const bool corner = (x == 6 && y == 6) || (x == 6 && y == size_ - 7) || (x == size_ - 7 && y == 6);
        if (!corner) draw_alignment(x, y);
      }
    }
  }

  void draw_alignment(int center_x, int center_y) {
    for (int dy = -2; dy <= 2; ++dy) {
      for (int dx = -2; dx <= 2; ++dx) set(center_x + dx, center_y + dy, std::max(std::abs(dx), std::abs(dy)) != 1);
    }
  }

  // 7.9: twice, around the first finder, and split between the others.
  void draw_format(int mask) {
    constexpr unsigned kLevelM = 0b00;
    const unsigned data = kLevelM << 3U | static_cast<unsigned>(mask);
    const unsigned bits = (data << 10U | (check_bits(data, 0x537, 10) & 0x3FFU)) ^ 0x5412U;
    for (int i = 0; i <= 5; ++i) set(8, i, bit(bits, i));
    set(8, 7, bit(bits, 6));
    set(8, 8, bit(bits, 7));
    set(7, 8, bit(bits, 8));
    for (int i = 9; i < 15; ++i) set(14 - i, 8, bit(bits, i));
    for (int i = 0; i < 8; ++i) set(size_ - 1 - i, 8, bit(bits, i));
    for (int i = 8; i < 15; ++i) set(8, size_ - 15 + i, bit(bits, i));
    set(8, size_ - 8, true);
  }

  // 7.10, from version 7 on.
  void draw_version() {
    if (version_ < 7) return;
    const auto data = static_cast<unsigned>(version_);
    const unsigned bits = data << 12U | (check_bits(data, 0x1F25, 12) & 0xFFFU);
    for (int i = 0; i < 18; ++i) {
      const int along = size_ - 11 + i % 3;
      set(along, i / 3, bit(bits, i));
      set(i / 3, along, bit(bits, i));
    }
  }

  // 7.7.3: in columns of two, from the right, upwards and downwards in turn; the timing column is left out.
  void draw_codewords(const std::vector<std::uint8_t>& words) {
    std::size_t at = 0;
    bool upwards = true;
    for (int right = size_ - 1; right >= 1; right -= 2) {
      if (right == 6) right = 5;
      for (int step = 0; step < size_; ++step) {
        const int y = upwards ? size_ - 1 - step : step;
        for (int x = right; x > right - 2; --x) {
          if (is_pattern_[code_.index(x, y)] || at == words.size() * 8) continue;
          code_.modules_[code_.index(x, y)] = bit(words[at / 8], 7 - static_cast<int>(at % 8));
          ++at;
        }
      }
      upwards = !upwards;
    }
  }

  void apply(int mask) {
    for (int y = 0; y < size_; ++y) {
      for (int x = 0; x < size_; ++x) {
        if (is_pattern_[code_.index(x, y)] || !mask_inverts(mask, x, y)) continue;
        code_.modules_[code_.index(x, y)].flip();
      }
    }
  }

  // 7.8.3: the lower, the easier to read.
  int penalty() const {
    int sum = balance_penalty() + block_penalty();
    for (int i = 0; i < size_; ++i) {
      sum += line_penalty([&](int along) { return code_.dark(along, i); });
      sum += line_penalty([&](int along) { return code_.dark(i, along); });
    }
    return sum;
  }

  // Runs of five and more, and what looks like a finder.
  template <class Dark>
  int line_penalty(Dark dark) const {
    constexpr unsigned kFinder = 0b10111010000;
    constexpr unsigned kFinderMirrored = 0b00001011101;
    int sum = 0;
    int run = 0;
    unsigned seen = 0;
    for (int i = 0; i < size_; ++i) {
      run = i > 0 && dark(i) == dark(i - 1) ? run + 1 : 1;
      if (run == 5) sum += 3;
      if (run > 5) sum += 1;
      seen = (seen << 1U | (dark(i) ? 1U : 0U)) & 0x7FFU;
      if (i >= 10 && (seen == kFinder || seen == kFinderMirrored)) sum += 40;
    }
    return sum;
  }

  int block_penalty() const {
    int sum = 0;
    for (int y = 0; y + 1 < size_; ++y) {
      for (int x = 0; x + 1 < size_; ++x) {
        const bool dark = code_.dark(x, y);
        if (dark == code_.dark(x + 1, y) && dark == code_.dark(x, y + 1) && dark == code_.dark(x + 1, y + 1)) sum += 3;
      }
    }
    return sum;
  }

  int balance_penalty() const {
    const auto dark = static_cast<int>(std::ranges::count(code_.modules_, true));
    const int percent = dark * 100 / (size_ * size_);
    return std::abs(percent - 50) / 5 * 10;
  }

  int version_;
  int size_;
  QrCode code_;
  std::vector<bool> is_pattern_;
};

std::optional<QrCode> QrCode::encode(std::string_view text) {
  const auto words = qr_codewords(text);
  if (!words) return std::nullopt;
  return QrPainter(*words).finish();
}

std::string QrCode::to_half_blocks(bool colour) const {
  const auto light = [this](int x, int y) {
    const bool inside = x >= 0 && x < size_ && y >= 0 && y < size_;
    return !inside || !dark(x, y);
  };
  std::string text;
  for (int y = -kQuietZone; y < size_ + kQuietZone; y += 2) {
    if (colour) text += "\x1b[97;40m";
    for (int x = -kQuietZone; x < size_ + kQuietZone; ++x) {
      constexpr std::array<std::string_view, 4> kBlocks{" ", "▄", "▀", "█"};
      text += kBlocks[(light(x, y) ? 2U : 0U) + (light(x, y + 1) ? 1U : 0U)];
    }
    text += colour ? "\x1b[0m\n" : "\n";
  }
  return text;
}

}  // namespace gate::app
