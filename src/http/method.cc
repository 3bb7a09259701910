#include "http/method.h"

#include <array>
#include <utility>

namespace gate::http {

Method to_method(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, Method>, 9> kMethods{{
      {"GET", Method::kGet},
      {"HEAD", Method::kHead},
      {"POST", Method::kPost},
      {"PUT", Method::kPut},
      {"DELETE", Method::kDelete},
      {"CONNECT", Method::kConnect},
      {"OPTIONS", Method::kOptions},
      {"TRACE", Method::kTrace},
      {"PATCH", Method::kPatch},
  }};
  for (const auto& [name, method] : kMethods) {
    if (name == text) return method;
  }
  return Method::kOther;
}

std::string_view to_string(Version version) {
  switch (version) {
    case Version::kHttp10: return "HTTP/1.0";
    case Version::kHttp11: return "HTTP/1.1";
    case Version::kHttp2: return "HTTP/2";
    case Version::kHttp3: return "HTTP/3";
  }
  return "HTTP/?";
}

}  // namespace gate::http
