#include "cert/history.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <span>
#include <system_error>

#include "base/text.h"
#include "os/file.h"

namespace gate::cert {

base::Result<void> History::keep(const std::string& file, const Certificate& leaf) const {
  constexpr std::size_t kFingerprintBytes = 4;  // two of one second are told apart by it
  const auto begins = std::chrono::system_clock::to_time_t(leaf.not_before());
  const std::string name = fmt::format("{}/{:%Y%m%dT%H%M%SZ}-{}.pem", folder_, fmt::gmtime(begins),
                                       base::to_hex(std::span(leaf.fingerprint()).first(kFingerprintBytes)));
  GATE_TRY(os::make_directories(folder_, 0700));
  return os::link_file(file, name);
}

base::Result<void> History::keep_newest(std::size_t count) const {
  const auto all = files();
  for (std::size_t i = count; i < all.size(); ++i) GATE_TRY(os::remove_file(all[i]));
  return {};
}

std::vector<std::string> History::files() const {
  std::vector<std::string> found;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".pem") found.push_back(at->path().string());
  }
  std::ranges::sort(found, std::greater());
  return found;
}

}  // namespace gate::cert
