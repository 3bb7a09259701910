#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gate::acme {

// What a certificate authority wants to see before it believes that a name is ours (RFC 8555 8).
struct Challenge {
  std::string name;               // "example.com", "192.0.2.1"; of a wildcard without its "*."
  std::string token;              // empty for dns-persist-01
  std::string key_authorization;  // RFC 8555 8.1
  std::string thumbprint;         // of the account's key (RFC 7638)
  // What dns-persist-01 is about:
  std::vector<std::string> issuers{};  // names of the authority
  std::string account{};               // URL
  bool wildcard = false;
};

// Puts the answer to a challenge where the authority looks for it, and takes it away afterwards. Control thread only.
class Solver {
 public:
  using Done = std::function<void(base::Result<void>)>;
  virtual ~Solver() = default;

  // "http-01", "dns-01", "tls-alpn-01", "dns-persist-01".
  virtual std::string_view type() const = 0;

  // `done` is called when the authority can be told to look: later, never from within.
  virtual void present(const Challenge& challenge, Done done) = 0;

  // After present(), however that ended. `done` is called later, never from within.
  virtual void clean_up(const Challenge& challenge, Done done) = 0;
};

}  // namespace gate::acme
