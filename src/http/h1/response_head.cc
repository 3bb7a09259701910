#include "http/h1/response_head.h"

#include <optional>

#include "base/text.h"
#include "http/h1/persistence.h"
#include "http/list_elements.h"
#include "http/request_rules.h"
#include "http/response_rules.h"

namespace gate::http::h1 {
namespace {

using Judged = std::expected<ResponseControl, std::string_view>;

// RFC 9112 6.1: chunked once and last; nothing else is implemented here.
Judged judge_coding(const ResponseFacts& facts, const FieldList& fields, ResponseControl control) {
  if (facts.version == Version::kHttp10) return std::unexpected("transfer-encoding in HTTP/1.0");
  if (fields.find(FieldId::kContentLength)) return std::unexpected("content-length with transfer-encoding");
  std::size_t codings = 0;
  bool chunked = true;
  for_each_element(fields, FieldId::kTransferEncoding, [&](std::string_view coding) {
    ++codings;
    chunked &= base::equals_ignoring_case(coding, "chunked");
  });
  if (codings != 1 || !chunked) return std::unexpected("a transfer coding other than chunked");
  control.end = ResponseBodyEnd::kChunked;
  return control;
}

// RFC 9112 6.3, 5: "if all the values in the list are valid and the same, the message is processed with that single
// value"; anything else is unrecoverable.
Judged judge_length(const FieldList& fields, ResponseControl control) {
  std::optional<std::uint64_t> length;
  bool valid = true;
  for_each_element(fields, FieldId::kContentLength, [&](std::string_view value) {
    const auto number = parse_content_length(value);
    valid &= number.has_value() && (!length || *length == *number);
    if (number) length = number;
  });
  if (!valid || !length) return std::unexpected("a content-length that is none");
  control.end = *length == 0 ? ResponseBodyEnd::kNone : ResponseBodyEnd::kLength;
  control.length = *length;
  return control;
}

}  // namespace

Judged judge_response(const ResponseFacts& facts, const FieldList& fields) {
  ResponseControl control{.keep_alive = says_keep_alive(facts.version, fields)};
  if (!may_have_content(facts.request_method, facts.status)) return control;
  if (fields.find(FieldId::kTransferEncoding)) return judge_coding(facts, fields, control);
  if (fields.find(FieldId::kContentLength)) return judge_length(fields, control);
  control.end = ResponseBodyEnd::kClose;
  control.keep_alive = false;
  return control;
}

}  // namespace gate::http::h1
