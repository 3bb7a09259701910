#include "client/server_config.h"

#include <fmt/format.h>

#include <utility>

namespace gate::client {

std::optional<ServerAddress> read_server_address(const conf::Word& word, conf::Reader& reader) {
  auto address = ServerAddress::parse(word.text);
  if (address) return *std::move(address);
  const auto& error = address.error();
  reader.error(error.code, word, fmt::format("{}: {}", error.what, error.why), error.fix);
  return std::nullopt;
}

std::optional<net::ProxyProtocol> read_proxy_protocol(const conf::Word& word, conf::Reader& reader) {
  constexpr conf::Choice<net::ProxyProtocol> kVersions[] = {{"v1", net::ProxyProtocol::kV1},
                                                            {"v2", net::ProxyProtocol::kV2}};
  return reader.choice(word, kVersions);
}

}  // namespace gate::client
