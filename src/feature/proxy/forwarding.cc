#include "feature/proxy/forwarding.h"

#include <fmt/format.h>

#include <iterator>
#include <string>

#include "base/text.h"
#include "feature/proxy/codes.h"
#include "http/arena_text.h"
#include "http/claims.h"
#include "http/connection_fields.h"
#include "http/list_elements.h"
#include "net/early_data.h"
#include "tls/client_certificate.h"
#include "tls/facts.h"

namespace gate::proxy {
namespace {

using http::FieldId;

// RFC 9110 7.6.3: what we are called in Via.
constexpr std::string_view kPseudonym = "gate443";
constexpr std::size_t kPassesMax = 8;

// What is said afresh, or is between the client and us. "Proxy" would become the variable HTTP_PROXY of programs that
// are called the way of CGI (CVE-2016-5385).
bool is_said_afresh(const http::Field& field) {
  switch (field.id) {
    case FieldId::kHost:
    case FieldId::kExpect:
    case FieldId::kForwarded:
    case FieldId::kVia:
    case FieldId::kXForwardedFor:
    case FieldId::kXForwardedHost:
    case FieldId::kXForwardedProto:
    case FieldId::kXRequestId: return true;
    case FieldId::kUnknown: break;
    default: return false;
  }
  return field.name == "proxy" || field.name == "x-real-ip" || field.name.starts_with("x-forwarded-") ||
         http::claims_certificate(field.name);
}

// RFC 7239 6: an IPv6 address stands in brackets and quotes.
std::string_view forwarded_node(base::Arena& arena, std::string_view address) {
  return address.contains(':') ? http::join(arena, {"\"[", address, "]\""}) : address;
}

// RFC 7239 4: a host with a port is no token and stands in quotes.
std::string_view forwarded_host(base::Arena& arena, std::string_view authority) {
  return authority.find_first_of(":[]") == std::string_view::npos ? authority
                                                                  : http::join(arena, {"\"", authority, "\""});
}

// "2.0": RFC 9110 7.6.3 leaves the protocol's name out where it is HTTP.
std::string_view received_protocol(http::Version version) {
  switch (version) {
    case http::Version::kHttp10: return "1.0";
    case http::Version::kHttp11: return "1.1";
    case http::Version::kHttp2: return "2.0";
    case http::Version::kHttp3: return "3.0";
  }
  return "1.1";
}

// The client and the trusted proxies, then who has sent us the request. What the client wrote itself is not repeated.
std::string_view x_forwarded_for(http::Exchange& exchange, std::string_view peer) {
  if (!exchange.client_path) return peer;
  std::string text;
  for (const auto& hop : exchange.client_path->hops) text += hop.to_string() + ", ";
  return exchange.arena().copy(text.append(peer));
}

// What the trusted proxies have said, each element with its comma.
std::string forwarded_before(http::Exchange& exchange) {
  std::string text;
  if (!exchange.client_path) return text;
  const auto& [hops, scheme] = *exchange.client_path;
  for (const auto& hop : hops) {
    const bool said = &hop == &hops.front() && !scheme.empty();
    fmt::format_to(std::back_inserter(text), "for={}{}{}, ", forwarded_node(exchange.arena(), hop.to_string()),
                   said ? ";proto=" : "", said ? scheme : "");
  }
  return text;
}

// RFC 7239 4: an element by each proxy on the way, ours the last.
std::string_view forwarded(http::Exchange& exchange, std::string_view peer) {
  auto& arena = exchange.arena();
  const http::Request& request = exchange.request;
  return http::join(arena, {forwarded_before(exchange), "for=", forwarded_node(arena, peer),
                            ";host=", forwarded_host(arena, request.authority), ";proto=", request.scheme});
}

// Each text is put together in the arena at once: this is done for every request.
void say_who_asks(http::Exchange& exchange, http::FieldList& fields) {
  auto& arena = exchange.arena();
  const http::Request& request = exchange.request;
  const auto peer = arena.copy(exchange.connection().peer.address.to_string());
  fields.add(FieldId::kXForwardedFor, x_forwarded_for(exchange, peer));
  fields.add(FieldId::kXForwardedProto, exchange.client_scheme());
  fields.add(FieldId::kXForwardedHost, request.authority);
  fields.add(FieldId::kForwarded, forwarded(exchange, peer));
  const auto via = request.fields.combined(FieldId::kVia);
  fields.add(FieldId::kVia, http::join(arena, {via.value_or(""), via ? ", " : "", received_protocol(request.version),
                                               " ", kPseudonym}));
  fields.add(FieldId::kXRequestId, http::request_id_text(arena, exchange.id));
}

// RFC 9440 2: what the client has proved itself with. It lives as long as the connection.
void say_client_certificate(const http::Exchange& exchange, ClientCertificateSaid said, http::FieldList& fields) {
  const tls::Facts* facts = exchange.connection().tls;
  if (said == ClientCertificateSaid::kNothing || !facts || !facts->client) return;
  fields.add("client-cert", facts->client->field_value);
  const std::string& chain = facts->client->chain_field_value;
  if (said == ClientCertificateSaid::kWithChain && !chain.empty()) fields.add("client-cert-chain", chain);
}

// RFC 9113 8.2.3: an HTTP/2 client may send the cookies in several lines; HTTP/1 has one.
bool joins_cookies(const http::Exchange& exchange) { return exchange.request.version >= http::Version::kHttp2; }

std::string_view joined_cookies(http::Exchange& exchange) {
  std::string all;
  for (const auto& field : exchange.request.fields) {
    if (field.id != FieldId::kCookie) continue;
    if (!all.empty()) all += "; ";
    all += field.value;
  }
  return exchange.arena().copy(all);
}

}  // namespace

void fill_request_fields(http::Exchange& exchange, const ProxySettings& settings, http::FieldList& fields) {
  const http::FieldList& received = exchange.request.fields;
  const http::ListedByConnection listed(received);
  fields.reserve(received.size() + 8);
  bool cookies_written = false;
  for (const auto& field : received) {
    if (http::is_of_connection(field.id) || is_said_afresh(field) || listed(field.name)) continue;
    if (field.id == FieldId::kCookie && joins_cookies(exchange)) {
      if (!std::exchange(cookies_written, true)) fields.add(FieldId::kCookie, joined_cookies(exchange));
      continue;
    }
    fields.add(field);
  }
  say_who_asks(exchange, fields);
  say_client_certificate(exchange, settings.client_certificate, fields);
  // RFC 8470 5.1: an intermediary that passes a request on before the handshake is done says so, and leaves it to the
  // server to call it too early.
  if (net::brings_early_data(exchange.connection())) fields.set("early-data", "1");
  for (const auto& rule : settings.request_fields) {
    if (rule.remove) {
      fields.remove(rule.name);
    } else {
      fields.set(rule.name, rule.value);
    }
  }
}

std::string_view target_for(http::Exchange& exchange) {
  const http::Request& request = exchange.request;
  return request.has_query ? http::join(exchange.arena(), {request.raw_path, "?", request.query}) : request.raw_path;
}

std::string_view authority_for(const http::Exchange& exchange, const ProxySettings& settings,
                               std::string_view server_authority, bool secure) {
  switch (settings.host) {
    case HostPolicy::kAutomatic: return secure ? server_authority : exchange.request.authority;
    case HostPolicy::kClient: return exchange.request.authority;
    case HostPolicy::kServer: return server_authority;
    case HostPolicy::kFixed: return settings.host_name;
  }
  return server_authority;
}

void fill_response_fields(const http::FieldList& received, http::FieldList& fields) {
  const http::ListedByConnection listed(received);
  fields.reserve(received.size() + 4);
  for (const auto& field : received) {
    // RFC 7838 speaks of the origin the client talks to, which is us.
    const bool ours = http::is_of_connection(field.id) || field.id == FieldId::kAltSvc;
    if (!ours && !listed(field.name)) fields.add(field);
  }
}

bool is_loop(const http::Exchange& exchange) {
  std::size_t passes = 0;
  http::for_each_element(exchange.request.fields, FieldId::kVia,
                         [&](std::string_view element) { passes += element.ends_with(kPseudonym) ? 1 : 0; });
  return passes >= kPassesMax;
}

bool refuse_loop(http::Exchange& exchange) {
  if (!is_loop(exchange)) return false;
  exchange.refuse({508, kRequestLoop, "the request has come by here too often"});
  return true;
}

}  // namespace gate::proxy
