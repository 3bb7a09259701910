#include "http/text_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/text.h"
#include "http/arena_text.h"
#include "http/characters.h"
#include "http/match_codes.h"
#include "http/url_text.h"
#include "tls/client_certificate.h"
#include "tls/facts.h"

namespace gate::http {
namespace {

constexpr std::array kNames{
    std::pair<std::string_view, Placeholder>{"host", Placeholder::kHost},
    std::pair<std::string_view, Placeholder>{"path", Placeholder::kPath},
    std::pair<std::string_view, Placeholder>{"query", Placeholder::kQuery},
    std::pair<std::string_view, Placeholder>{"uri", Placeholder::kUri},
    std::pair<std::string_view, Placeholder>{"scheme", Placeholder::kScheme},
    std::pair<std::string_view, Placeholder>{"method", Placeholder::kMethod},
    std::pair<std::string_view, Placeholder>{"client", Placeholder::kClient},
    std::pair<std::string_view, Placeholder>{"request_id", Placeholder::kRequestId},
    std::pair<std::string_view, Placeholder>{"client_certificate_subject", Placeholder::kClientCertificateSubject},
    std::pair<std::string_view, Placeholder>{"client_certificate_serial", Placeholder::kClientCertificateSerial},
    std::pair<std::string_view, Placeholder>{"client_certificate_sha256", Placeholder::kClientCertificateFingerprint},
};

std::optional<Placeholder> placeholder_named(std::string_view name) {
  const auto found = std::ranges::find(kNames, name, [](const auto& entry) { return entry.first; });
  return found == kNames.end() ? std::nullopt : std::optional(found->second);
}

bool is_name(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && is_letter(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return is_letter(c) || is_digit(c); });
}

std::unexpected<base::Error> refusal(std::string why) {
  return base::fail({.code = kBadTemplate, .side = base::Side::kConfiguration, .what = std::move(why)});
}

std::unexpected<base::Error> unknown_placeholder(std::string_view name) {
  std::array<std::string_view, kNames.size()> names;
  std::ranges::transform(kNames, names.begin(), [](const auto& entry) { return entry.first; });
  const std::string_view near = base::nearest(name, names);
  if (!near.empty()) return refusal(fmt::format("there is no {{{}}}; did you mean {{{}}}?", name, near));
  return refusal(fmt::format("there is no {{{}}}; known: {{{}}}", name, fmt::join(names, "}, {")));
}

base::Result<> check_literal(std::string_view text, TextTemplate::For use) {
  const bool is_url = use == TextTemplate::For::kUrl;
  const CharacterClass& allowed = is_url ? kUrlCharacters : kValueCharacters;
  if (std::ranges::all_of(text, [&allowed](char c) { return is_in(allowed, c); })) return {};
  return refusal(is_url ? "a URL holds visible ASCII only; write other characters percent-encoded, such as %20"
                        : "a field value holds no line break or control character");
}

// RFC 3986 3.2.2: an IPv6 address stands in brackets.
std::string_view host_text(const Request& request, base::Arena& arena) {
  if (request.host.find(':') == std::string_view::npos) return request.host;
  return join(arena, {"[", request.host, "]"});
}

// Always a path: "*" of an OPTIONS request and the like are none.
std::string_view path_text(const Request& request) {
  return request.raw_path.starts_with('/') ? request.raw_path : std::string_view("/");
}

std::string_view uri_text(const Request& request, base::Arena& arena) {
  if (!request.has_query) return path_text(request);
  return join(arena, {path_text(request), "?", request.query});
}

std::string_view certificate_text(Placeholder placeholder, const Exchange& exchange) {
  const tls::Facts* facts = exchange.connection().tls;
  const tls::ClientCertificate* client = facts ? facts->client.get() : nullptr;
  if (!client) return {};
  if (placeholder == Placeholder::kClientCertificateSubject) return client->own().subject();
  return placeholder == Placeholder::kClientCertificateSerial ? std::string_view(client->own().serial())
                                                              : client->fingerprint;
}

std::string_view value_of(Placeholder placeholder, Exchange& exchange) {
  const Request& request = exchange.request;
  switch (placeholder) {
    case Placeholder::kNone: return {};
    case Placeholder::kHost: return host_text(request, exchange.arena());
    case Placeholder::kPath: return path_text(request);
    case Placeholder::kQuery: return request.query;
    case Placeholder::kUri: return uri_text(request, exchange.arena());
    case Placeholder::kScheme: return request.scheme;
    case Placeholder::kMethod: return request.method_text;
    case Placeholder::kClient: return exchange.arena().copy(exchange.client_address().to_string());
    case Placeholder::kRequestId: return request_id_text(exchange.arena(), exchange.id);
    case Placeholder::kClientCertificateSubject:
    case Placeholder::kClientCertificateSerial:
    case Placeholder::kClientCertificateFingerprint: return certificate_text(placeholder, exchange);
  }
  return {};
}

std::string_view encoded_value(const TextTemplate::Part& part, Exchange& exchange) {
  const std::string_view value = value_of(part.placeholder, exchange);
  const bool is_query_itself = part.placeholder == Placeholder::kQuery;
  const UrlPart place = part.in_query && !is_query_itself ? UrlPart::kQueryPart : UrlPart::kUrl;
  return percent_encoded(value, place, exchange.arena());
}

}  // namespace

base::Result<TextTemplate> TextTemplate::compile(std::string_view text, For use) {
  TextTemplate compiled;
  std::string literal;
  bool in_query = false;
  const auto end_literal = [&] {
    if (literal.empty()) return;
    in_query = in_query || (use == For::kUrl && literal.find('?') != std::string::npos);
    compiled.parts_.push_back({.literal = std::exchange(literal, {})});
  };
  while (!text.empty()) {
    const auto close = text[0] == '{' ? text.find('}') : std::string_view::npos;
    const std::string_view name = close == std::string_view::npos ? std::string_view() : text.substr(1, close - 1);
    if (!is_name(name)) {
      literal += text[0];
      text.remove_prefix(1);
      continue;
    }
    const auto placeholder = placeholder_named(name);
    if (!placeholder) return unknown_placeholder(name);
    GATE_TRY(check_literal(literal, use));
    end_literal();
    compiled.parts_.push_back({.placeholder = *placeholder, .in_query = in_query});
    text.remove_prefix(close + 1);
  }
  GATE_TRY(check_literal(literal, use));
  end_literal();
  return compiled;
}

std::string_view TextTemplate::expand(Exchange& exchange) const {
  if (parts_.size() == 1 && parts_[0].placeholder == Placeholder::kNone) return parts_[0].literal;
  const auto pieces = exchange.arena().make_array<std::string_view>(parts_.size());
  std::ranges::transform(parts_, pieces.begin(), [&exchange](const Part& part) -> std::string_view {
    return part.placeholder == Placeholder::kNone ? part.literal : encoded_value(part, exchange);
  });
  return join(exchange.arena(), pieces);
}

}  // namespace gate::http
