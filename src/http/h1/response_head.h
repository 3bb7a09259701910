#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "http/fields.h"
#include "http/method.h"

namespace gate::http::h1 {

// How the body of a response ends (RFC 9112 6.3).
enum class ResponseBodyEnd : std::uint8_t { kNone, kLength, kChunked, kClose };

// What the head of a response says about the message itself and its connection.
struct ResponseControl {
  ResponseBodyEnd end = ResponseBodyEnd::kNone;
  std::uint64_t length = 0;  // of the body, for kLength
  bool keep_alive = true;
};

struct ResponseFacts {
  Method request_method = Method::kGet;
  Version version = Version::kHttp11;
  std::uint16_t status = 200;
};

// Judges the fields of a final response. Fails with a static reason where its end could be understood in two ways.
std::expected<ResponseControl, std::string_view> judge_response(const ResponseFacts& facts, const FieldList& fields);

}  // namespace gate::http::h1
