#pragma once

#include <cstdint>
#include <string_view>

namespace gate::http {

// RFC 9110 9.3 and PATCH (RFC 5789). kOther is any further token; its text is in Request::method_text.
enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kDelete, kConnect, kOptions, kTrace, kPatch, kOther };

// Case-sensitive (RFC 9110 9.1).
Method to_method(std::string_view text);

enum class Version : std::uint8_t { kHttp10, kHttp11, kHttp2, kHttp3 };

// "HTTP/1.1", "HTTP/2".
std::string_view to_string(Version version);

}  // namespace gate::http
