#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "feature/proxy/settings.h"
#include "http/exchange.h"

namespace gate::proxy {

// What the choice of a server goes by.
struct Choice {
  std::uint64_t hash = 0;         // of the request's key, for Balance::kHash
  std::string_view sticky{};      // what the cookie says
  std::span<const bool> tried{};  // a flag a server; those tried already are chosen last of all, that is never
};

// What it goes by for this exchange, but for the servers that were tried.
Choice choice_for(const http::Exchange& exchange, const ProxySettings& settings);

// The value of a cookie of the request (RFC 6265 5.4); empty when there is none of that name.
std::string_view cookie_of(const http::Exchange& exchange, std::string_view name);

}  // namespace gate::proxy
