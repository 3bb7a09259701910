#include "dns/resolv_conf.h"

#include "base/text.h"
#include "os/file.h"

namespace gate::dns {

std::vector<base::Endpoint> resolvers_in(std::string_view text) {
  constexpr std::size_t kResolversMax = 3;
  constexpr std::string_view kWord = "nameserver";
  std::vector<base::Endpoint> resolvers;
  while (!text.empty() && resolvers.size() < kResolversMax) {
    auto line = base::split_off(text, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with(kWord)) continue;
    auto rest = line.substr(kWord.size());
    if (rest.empty() || (rest.front() != ' ' && rest.front() != '\t')) continue;
    rest = base::trimmed(rest);
    const auto address = base::IpAddress::parse(rest.substr(0, rest.find_first_of(" \t#;")));
    if (address) resolvers.push_back({*address, kDnsPort});
  }
  if (resolvers.empty()) resolvers.push_back({base::IpAddress::v4({127, 0, 0, 1}), kDnsPort});
  return resolvers;
}

std::vector<base::Endpoint> machine_resolvers() {
  constexpr std::size_t kBytesMax = 64UL << 10;
  // resolv.conf(5): without the file the name server of this machine is asked.
  return resolvers_in(os::read_file("/etc/resolv.conf", kBytesMax).value_or(""));
}

}  // namespace gate::dns
