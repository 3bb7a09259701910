#pragma once

#include <optional>
#include <string_view>

namespace gate::http {

// Knows the answers to ACME http-01 challenges (RFC 8555 8.3). Implemented by `acme`.
class ChallengeSource {
 public:
  // The key authorization for a token, or nothing when no challenge with that token is open. Lives until the caller
  // returns to the loop.
  virtual std::optional<std::string_view> answer(std::string_view token) const = 0;

 protected:
  ~ChallengeSource() = default;
};

// Has no challenge open.
class NoChallenges final : public ChallengeSource {
 public:
  std::optional<std::string_view> answer(std::string_view) const override { return std::nullopt; }
};

}  // namespace gate::http
