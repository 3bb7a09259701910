#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace gate::server {

// Hosts to what stands for their sites. Look-ups cost the same for one site and for ten thousand.
template <class Site>
class HostTable {
 public:
  struct Found {
    Site* site = nullptr;     // null: nobody takes the host
    std::string_view name{};  // of the site's names the one that covers it; empty: the default site takes it
  };

  void clear() {
    by_host_.clear();
    default_ = nullptr;
  }
  // A host in lower case: "example.com", "*.example.com" (one label), "192.0.2.1", "::1".
  void add(const std::string& host, Site& site) { by_host_.emplace(host, &site); }
  void set_default(Site& site) { default_ = &site; }

  // Exact name, then wildcard of one label, then the default site. `host` is in lower case.
  Found find(std::string_view host) const {
    if (const Found found = find_exact(host); found.site) return found;
    constexpr std::size_t kNameBytesMax = 255;  // RFC 1035 2.3.4
    const auto dot = host.find('.');
    if (dot == std::string_view::npos || dot == 0 || host.size() > kNameBytesMax) return {default_};
    std::array<char, kNameBytesMax + 1> wildcard;
    wildcard[0] = '*';
    const auto parent = host.substr(dot);
    std::copy(parent.begin(), parent.end(), wildcard.begin() + 1);
    const Found found = find_exact({wildcard.data(), parent.size() + 1});
    return found.site ? found : Found{default_};
  }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  Found find_exact(std::string_view host) const {
    const auto found = by_host_.find(host);
    return found == by_host_.end() ? Found{} : Found{found->second, found->first};
  }

  std::unordered_map<std::string, Site*, TextHash, std::equal_to<>> by_host_;
  Site* default_ = nullptr;
};

}  // namespace gate::server
