#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/exchange.h"

namespace gate::http {

// What a placeholder stands for. Every value comes from a checked request and is encoded once more for its place.
enum class Placeholder : std::uint8_t {
  kNone,
  kHost,    // the host asked for, without port; an IPv6 address in brackets
  kPath,    // the path as it would be sent, with its percent-encoding
  kQuery,   // what stands behind the "?", without it
  kUri,     // path, and "?" and query where there is one
  kScheme,  // "https" or "http"
  kMethod,
  kClient,     // the client's address
  kRequestId,  // as in the log
  // Of what the client has proved itself with (mutual TLS); empty where it has not.
  kClientCertificateSubject,
  kClientCertificateSerial,
  kClientCertificateFingerprint,  // SHA-256, hexadecimal
};

// Text with placeholders such as {host}, compiled once.
class TextTemplate {
 public:
  // kUrl: a URL or a part of one; values behind a "?" are encoded as parts of a query. Fails for text that no URL may
  // hold. kFieldValue: a field value. A brace that opens no name is plain text there, so that JSON can be written.
  enum class For : std::uint8_t { kUrl, kFieldValue };

  // A literal, or a placeholder.
  struct Part {
    Placeholder placeholder = Placeholder::kNone;
    std::string literal{};
    bool in_query = false;
  };

  // Fails, with the reason in `what`, for unknown placeholders and for text that may not stand in its place.
  static base::Result<TextTemplate> compile(std::string_view text, For use);

  // Lives as long as the exchange and the template. Holds no control character.
  std::string_view expand(Exchange& exchange) const;

  const std::vector<Part>& parts() const { return parts_; }

 private:
  TextTemplate() = default;
  std::vector<Part> parts_;
};

}  // namespace gate::http
