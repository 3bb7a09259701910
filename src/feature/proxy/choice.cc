#include "feature/proxy/choice.h"

#include <functional>

#include "base/text.h"

namespace gate::proxy {
namespace {

std::uint64_t hash_key(const http::Exchange& exchange, const ProxySettings& settings) {
  if (settings.balance != Balance::kHash) return 0;
  const auto text = [&]() -> std::string_view {
    switch (settings.hash_key) {
      case HashKey::kClient: return base::as_text(std::as_bytes(exchange.client_address().octets()));
      case HashKey::kPath: return exchange.request.path;
      case HashKey::kCookie: return cookie_of(exchange, settings.hash_name);
      case HashKey::kHeader: break;
    }
    const auto* field = exchange.request.fields.find(settings.hash_name);
    return field ? field->value : std::string_view{};
  }();
  return std::hash<std::string_view>{}(text);
}

}  // namespace

Choice choice_for(const http::Exchange& exchange, const ProxySettings& settings) {
  return {.hash = hash_key(exchange, settings), .sticky = cookie_of(exchange, settings.hash_name)};
}

// "name=value; name=value".
std::string_view cookie_of(const http::Exchange& exchange, std::string_view name) {
  if (name.empty()) return {};
  for (const auto& field : exchange.request.fields) {
    if (field.id != http::FieldId::kCookie) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      std::string_view value = base::trimmed(base::split_off(rest, ';'));
      if (base::split_off(value, '=') == name) return value;
    }
  }
  return {};
}

}  // namespace gate::proxy
