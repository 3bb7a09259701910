#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "feature/cache/stored_response.h"
#include "http/body.h"
#include "http/exchange.h"
#include "http/range.h"

namespace gate::cache {

// What of a response's content a request is answered with.
struct Share {
  enum class Of : std::uint8_t {
    kWhole,
    kPart,     // `part`: 206
    kNothing,  // 304: the client has it
    kRefusal,  // 416, said already
  };
  Of of = Of::kWhole;
  http::ByteRange part{};
};

enum class Origin : std::uint8_t { kKept, kServer };

// Makes the head of the exchange's response from `head`, as the conditions and the range of the request ask for.
// `length` is that of the content, where it is known; without it nothing is a part. Sets no body and does not respond,
// unless it refuses.
Share describe(http::Exchange& exchange, const StoredHead& head, Origin origin, std::optional<std::uint64_t> length,
               const base::Clock& clock);

// Answers with a response that is kept. Whatever stood in the place of the response's body is gone afterwards.
void answer_with(http::Exchange& exchange, const StoredResponse& response, const base::Clock& clock);

// A stretch of a kept body, which lives as long as its readers.
class KeptBody final : public http::BodySource {
 public:
  KeptBody(std::shared_ptr<const std::string> body, http::ByteRange part)
      : body_(std::move(body)), at_(part.first), end_(part.last + 1), length_(part.size()) {}
  explicit KeptBody(std::shared_ptr<const std::string> body)
      : body_(std::move(body)), end_(body_->size()), length_(end_) {}

  http::BodyRead read(std::span<std::byte> into) override;
  std::optional<std::uint64_t> length() const override { return length_; }

 private:
  std::shared_ptr<const std::string> body_;
  std::uint64_t at_ = 0;
  std::uint64_t end_;
  std::uint64_t length_;
};

}  // namespace gate::cache
