#include "os/host_name.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"

namespace gate::os {

std::string host_name() {
  constexpr std::size_t kBytesMax = 256;  // HOST_NAME_MAX is 64 on Linux, 255 in POSIX
  std::array<char, kBytesMax> room{};
  if (::gethostname(room.data(), room.size() - 1) != 0) return "localhost";
  const std::string_view name(room.data());
  const auto fits = [](char c) { return base::is_alpha(c) || base::is_digit(c) || c == '.' || c == '-'; };
  return name.empty() || !std::ranges::all_of(name, fits) ? "localhost" : std::string(name);
}

}  // namespace gate::os
