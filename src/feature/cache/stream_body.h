#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "feature/cache/answer.h"
#include "feature/cache/fetch.h"
#include "http/body.h"

namespace gate::cache {

// What a fetch brings, as the body of the leading exchange's response: follows what is received, and outlives the fetch
// once all is there.
class StreamBody final : public http::BodySource {
 public:
  StreamBody(Fetch& fetch, const Share& share);
  ~StreamBody() override;
  StreamBody(const StreamBody&) = delete;
  StreamBody& operator=(const StreamBody&) = delete;

  http::BodyRead read(std::span<std::byte> into) override;
  std::optional<std::uint64_t> length() const override { return length_; }
  const http::FieldList* trailers() const override { return fetch_ ? fetch_->trailers() : nullptr; }

  // From the fetch, which forgets it with the last two:
  void more() { wake(); }
  void complete(std::shared_ptr<const std::string> body);
  void fail();

 private:
  http::BodyRead read_from(std::string_view received, std::span<std::byte> into);

  Fetch* fetch_;
  std::shared_ptr<const std::string> body_;  // once it is whole
  std::uint64_t at_ = 0;
  std::uint64_t end_ = std::numeric_limits<std::uint64_t>::max();
  std::optional<std::uint64_t> length_;
};

}  // namespace gate::cache
