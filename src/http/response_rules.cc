#include "http/response_rules.h"

#include <algorithm>

#include "base/text.h"
#include "http/arena_text.h"
#include "http/request_rules.h"
#include "http/scan.h"
#include "http/upgrade.h"

namespace gate::http {
namespace {

bool is_sendable_value(std::string_view value) {
  for (std::size_t at = value_prefix(value); at < value.size(); at += 1 + value_prefix(value.substr(at + 1))) {
    const char c = value[at];
    if (c == '\r' || c == '\n' || c == '\0') return false;
  }
  return true;
}

bool are_sendable(const FieldList& fields) {
  return std::ranges::all_of(fields, [](const Field& field) {
    return (field.id != FieldId::kUnknown || is_token(field.name)) && is_sendable_value(field.value);
  });
}

// RFC 9110 7.8: "A server MUST NOT switch to a protocol that was not indicated by the client in the corresponding
// request's Upgrade header field."
bool is_asked_for(const Exchange& exchange) {
  const Request& request = exchange.request;
  const Response& response = exchange.response;
  if (!response.body) return false;
  if (request.method == Method::kConnect) return response.status >= 200 && response.status < 300;
  const std::string_view wanted = upgrade_of(request);
  return response.status == 101 && !wanted.empty() &&
         base::equals_ignoring_case(response.fields.value(FieldId::kUpgrade), wanted);
}

}  // namespace

ResponseFraming response_framing(const Exchange& exchange) {
  const auto& response = exchange.response;
  if (response.tunnel) return {.sends_body = true, .content_length = std::nullopt};
  // RFC 9110 15.3.5: "A 204 response is terminated by the end of the header section; it cannot contain content or
  // trailers." RFC 9110 15.4.5: the same for 304, whose length fields would speak of the stored response.
  if (response.status == 204 || response.status == 304 || response.status < 200) return {};
  if (!response.body) return {.sends_body = false, .content_length = 0};
  // RFC 9110 9.3.2: "The HEAD method is identical to GET except that the server MUST NOT send content in the response."
  return {.sends_body = exchange.request.method != Method::kHead, .content_length = response.body->length()};
}

bool may_have_content(Method request_method, std::uint16_t status) {
  return request_method != Method::kHead && status != 204 && status != 304;
}

bool is_sendable(const Exchange& exchange) {
  const Response& response = exchange.response;
  const bool is_final = response.status >= 200 && response.status <= 599;
  return (response.tunnel ? is_asked_for(exchange) : is_final) && are_sendable(response.fields);
}

bool is_sendable_interim(std::uint16_t status, const FieldList& fields) {
  return status >= 100 && status < 200 && status != 101 && are_sendable(fields);
}

std::size_t interim_bytes(const FieldList& fields) {
  constexpr std::size_t kLineOverhead = 32;  // as for a request's header section: RFC 9113 6.5.2
  constexpr std::size_t kStatusLine = 10 + kLineOverhead;
  std::size_t bytes = kStatusLine;
  for (const Field& field : fields) bytes += field.name.size() + field.value.size() + kLineOverhead;
  return bytes;
}

bool is_written_by_driver(FieldId id) {
  switch (id) {
    case FieldId::kConnection:
    case FieldId::kContentLength:
    case FieldId::kDate:
    case FieldId::kKeepAlive:
    case FieldId::kProxyConnection:
    case FieldId::kTransferEncoding:
    case FieldId::kUpgrade: return true;
    default: return false;
  }
}

bool is_sendable_trailer(const Field& field) {
  return is_trailer_allowed(field.id) && is_token(field.name) && is_field_value(field.value);
}

void become_refusal(Exchange& exchange, const Refusal& refusal) {
  exchange.refusal = exchange.arena().make<Refusal>(refusal);
  exchange.response.body.reset();
  exchange.response.tunnel = false;
  exchange.response.status = refusal.status;
  if (exchange.error_pages) exchange.error_pages->render(exchange);
  // For answers without a page (to HEAD), pages that do not show it, and clients that read no pages.
  exchange.response.fields.set(FieldId::kXRequestId, request_id_text(exchange.arena(), exchange.id));
}

void replace_by_refusal(Exchange& exchange, const Refusal& refusal) {
  exchange.response.fields.clear();
  become_refusal(exchange, refusal);
}

}  // namespace gate::http
