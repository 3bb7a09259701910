#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/buffer.h"
#include "base/bytes.h"
#include "http/body.h"
#include "http/fields.h"

namespace gate::http::multiplex {

// Told what the reader of a request body does.
class RequestBodyOwner {
 public:
  // The reader asked for bytes before any came.
  virtual void body_wanted() = 0;
  // The reader took `count` bytes: the client may send that much more.
  virtual void body_taken(std::size_t count) = 0;
  // The reader has seen the end.
  virtual void body_drained() = 0;

 protected:
  ~RequestBodyOwner() = default;
};

// What came of a request's body and was not read yet: never more than the stream's window, because only what is read
// opens the window again.
class RequestBody final : public BodySource {
 public:
  explicit RequestBody(RequestBodyOwner& owner) : owner_(owner) {}

  BodyRead read(std::span<std::byte> into) override;
  std::optional<std::uint64_t> length() const override { return length_; }
  const FieldList* trailers() const override { return trailers_ ? &*trailers_ : nullptr; }

  void set_length(std::optional<std::uint64_t> length) { length_ = length; }
  void append(base::ByteView bytes);
  void add_trailer(base::Arena& arena, const Field& field);
  void end();
  void fail();

  bool ended() const { return state_ == State::kEnded; }
  bool drained() const { return drained_; }
  bool open() const { return state_ == State::kOpen; }
  std::size_t unread() const { return buffer_.size(); }

 private:
  enum class State : std::uint8_t { kOpen, kEnded, kFailed };

  RequestBodyOwner& owner_;
  base::Buffer buffer_;
  std::optional<std::uint64_t> length_;
  std::optional<FieldList> trailers_;
  State state_ = State::kOpen;
  bool asked_ = false;
  bool drained_ = false;
};

}  // namespace gate::http::multiplex
