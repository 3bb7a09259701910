#include "http/error_pages.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "http/arena_text.h"
#include "http/quality_list.h"
#include "http/status.h"

namespace gate::http {
namespace {

struct Facts {
  std::string_view status;
  std::string_view phrase;
  std::string_view id;
};

Facts facts_of(Exchange& exchange) {
  const auto status = exchange.response.status;
  return {status_text(exchange.arena(), status), error_title(status), request_id_text(exchange.arena(), exchange.id)};
}

constexpr std::string_view kPageStart =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<style>\n"
    ":root{--page:#f6f7f9;--ink:#1b1f24;--soft:#667085;--line:#d9dde3}\n"
    "@media (prefers-color-scheme:dark){:root{--page:#14171b;--ink:#e8eaed;--soft:#98a1ae;--line:#2b3139}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--page);"
    "color:var(--ink);font:1rem/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif}\n"
    "main{max-width:32rem;width:100%}\n"
    "p{margin:0}\n"
    ".status{font-size:clamp(3.5rem,16vw,6rem);line-height:1;font-weight:700;letter-spacing:-.04em}\n"
    "h1{margin:.5rem 0 1.5rem;font-size:1.4rem;font-weight:500}\n"
    ".id{padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.85rem}\n"
    "code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}\n"
    "</style>\n<title>";

std::string_view html(base::Arena& arena, const Facts& facts) {
  return join(arena,
              {kPageStart, facts.status, " ", facts.phrase, "</title>\n</head>\n<body>\n<main>\n<p class=\"status\">",
               facts.status, "</p>\n<h1>", facts.phrase, "</h1>\n<p class=\"id\">Request <code>", facts.id,
               "</code></p>\n</main>\n</body>\n</html>\n"});
}

// RFC 9457 3.1; "about:blank" as type says that the title is that of the status.
std::string_view json(base::Arena& arena, const Facts& facts) {
  return join(arena, {"{\"type\":\"about:blank\",\"title\":\"", facts.phrase, "\",\"status\":", facts.status,
                      ",\"request_id\":\"", facts.id, "\"}\n"});
}

bool is_json(std::string_view type) {
  return base::equals_ignoring_case(type, "application/json") ||
         base::equals_ignoring_case(type, "application/problem+json");
}

bool is_html(std::string_view type) {
  return base::equals_ignoring_case(type, "text/html") || base::equals_ignoring_case(type, "text/*");
}

}  // namespace

void drop_content_fields(Exchange& exchange) {
  FieldList& fields = exchange.response.fields;
  for (const FieldId id : {FieldId::kAcceptRanges, FieldId::kContentEncoding, FieldId::kContentLanguage,
                           FieldId::kContentLocation, FieldId::kETag, FieldId::kExpires, FieldId::kLastModified}) {
    fields.remove(id);
  }
  fields.set(FieldId::kCacheControl, "no-store");
}

void DefaultErrorPages::render(Exchange& exchange) const {
  drop_content_fields(exchange);
  Response& response = exchange.response;
  const Facts facts = facts_of(exchange);
  if (prefers_json(exchange)) {
    response.fields.set(FieldId::kContentType, "application/problem+json");
    response.body = exchange.make_text_body(json(exchange.arena(), facts));
    return;
  }
  response.fields.set(FieldId::kContentType, "text/html; charset=utf-8");
  // The page holds no script and loads nothing; so nothing that might be injected into it may, either.
  response.fields.set(FieldId::kContentSecurityPolicy,
                      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'");
  response.body = exchange.make_text_body(html(exchange.arena(), facts));
}

bool prefers_json(const Exchange& exchange) {
  const auto accept = exchange.request.fields.combined(FieldId::kAccept);
  if (!accept) return false;
  Quality json_quality = 0;
  std::optional<Quality> html_quality;
  Quality any_quality = 0;
  QualityList list(*accept);
  while (const auto item = list.next()) {
    if (is_json(item->value)) json_quality = std::max(json_quality, item->quality);
    if (is_html(item->value)) html_quality = std::max(html_quality.value_or(0), item->quality);
    if (item->value == "*/*") any_quality = item->quality;
  }
  // A type that is named weighs more than "*/*" with the same weight.
  const Quality other = html_quality.value_or(std::min<Quality>(any_quality, kQualityMax - 1));
  return json_quality > other;
}

std::string_view error_title(std::uint16_t status) {
  const std::string_view phrase = reason_phrase(status);
  return phrase.empty() ? "Error" : phrase;
}

}  // namespace gate::http
