#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gate::http {

// Knows the answers to ACME http-01 challenges (RFC 8555 8.3). Implemented by `app`.
class ChallengeSource {
 public:
  // The key authorization for a token, or nothing when no challenge with that token is open. Any worker's thread.
  virtual std::optional<std::string> answer(std::string_view token) const = 0;

 protected:
  ~ChallengeSource() = default;
};

// Has no challenge open.
class NoChallenges final : public ChallengeSource {
 public:
  std::optional<std::string> answer(std::string_view) const override { return std::nullopt; }
};

}  // namespace gate::http
