#include "tls/name_table.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace gate::tls {

namespace {

constexpr std::size_t kNameMax = 255;

}  // namespace

bool NameTable::add(std::string_view name, std::uint32_t site) {
  const bool is_wildcard = name.starts_with("*.");
  Map& map = is_wildcard ? wildcard_ : exact_;
  return map.emplace(base::lowered(name.substr(is_wildcard ? 2 : 0)), site).second;
}

std::optional<std::uint32_t> NameTable::find(std::string_view name) const {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::array<char, kNameMax> buffer;
  if (name.empty() || name.size() > buffer.size()) return std::nullopt;
  std::transform(name.begin(), name.end(), buffer.begin(), base::to_lower);
  const std::string_view lowered(buffer.data(), name.size());
  if (const auto found = exact_.find(lowered); found != exact_.end()) return found->second;
  const auto dot = lowered.find('.');
  if (dot == 0 || dot == std::string_view::npos) return std::nullopt;
  const auto found = wildcard_.find(lowered.substr(dot + 1));
  if (found == wildcard_.end()) return std::nullopt;
  return found->second;
}

}  // namespace gate::tls
