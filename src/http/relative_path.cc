#include "http/relative_path.h"

#include <algorithm>

#include "base/text.h"

namespace gate::http {
namespace {

constexpr std::string_view kWellKnown = ".well-known";

}  // namespace

bool RelativePath::assign(std::string_view path, std::string_view strip) {
  cut(0);
  if (!path.starts_with(strip)) return false;
  auto rest = path.substr(strip.size());
  if (!rest.empty() && !rest.starts_with('/')) return false;
  names_folder_ = rest.ends_with('/');
  while (!rest.empty()) {
    const auto segment = base::split_off(rest, '/');
    if (segment.empty()) continue;
    if (segment.starts_with('.') && (size_ != 0 || segment != kWellKnown)) return false;
    if (segment.contains('\0') || !append(segment)) return false;
  }
  return true;
}

bool RelativePath::append(std::string_view name) {
  const std::size_t slash = size_ == 0 ? 0 : 1;
  if (name.size() + slash + 1 > kBytesMax - size_) return false;
  if (slash) bytes_[size_] = '/';
  std::ranges::copy(name, bytes_.begin() + size_ + slash);
  cut(size_ + slash + name.size());
  return true;
}

void RelativePath::cut(std::size_t size) {
  size_ = size;
  bytes_[size_] = '\0';
}

}  // namespace gate::http
