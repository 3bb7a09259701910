#include "http/multiplex/response_head.h"

#include <charconv>
#include <cstddef>
#include <cstdint>

#include "http/arena_text.h"

namespace gate::http::multiplex {
namespace {

constexpr std::size_t kLinesOfOurs = 4;  // :status, server, date, content-length

std::string_view number_text(base::Arena& arena, std::uint64_t number) {
  constexpr std::size_t kDigitsMax = 20;
  const auto digits = arena.make_array<char>(kDigitsMax);
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return {digits.data(), static_cast<std::size_t>(end - digits.data())};
}

}  // namespace

std::span<const Field> response_head(Exchange& exchange, const ResponseFraming& framing, std::string_view http_date) {
  base::Arena& arena = exchange.arena();
  const Response& response = exchange.response;
  const auto lines = arena.make_array<Field>(response.fields.size() + kLinesOfOurs);
  std::size_t count = 0;
  lines[count++] = {":status", response.status == 200 ? "200" : status_text(arena, response.status),
                    FieldId::kPseudoStatus};
  if (!response.fields.find(FieldId::kServer)) lines[count++] = {"server", kServerName, FieldId::kServer};
  lines[count++] = {"date", arena.copy(http_date), FieldId::kDate};
  if (framing.content_length) {
    lines[count++] = {"content-length", number_text(arena, *framing.content_length), FieldId::kContentLength};
  }
  // RFC 9114 4.2 says the same of HTTP/3. RFC 9113 8.2.2: "An endpoint MUST NOT generate an HTTP/2 message containing
  // connection-specific header fields."
  for (const Field& field : response.fields) {
    if (!is_written_by_driver(field.id)) lines[count++] = field;
  }
  return lines.first(count);
}

std::span<const Field> interim_head(base::Arena& arena, std::uint16_t status, std::span<const Field> fields) {
  const auto lines = arena.make_array<Field>(1 + fields.size());
  std::size_t count = 0;
  lines[count++] = {":status", status_text(arena, status), FieldId::kPseudoStatus};
  for (const Field& field : fields) {
    if (!is_written_by_driver(field.id)) lines[count++] = {arena.copy(field.name), arena.copy(field.value), field.id};
  }
  return lines.first(count);
}

std::span<const Field> response_trailers(Exchange& exchange, const FieldList& trailers) {
  const auto lines = exchange.arena().make_array<Field>(trailers.size());
  std::size_t count = 0;
  for (const Field& field : trailers) {
    if (is_sendable_trailer(field)) lines[count++] = field;
  }
  return lines.first(count);
}

}  // namespace gate::http::multiplex
