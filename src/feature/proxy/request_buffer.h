#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/buffer.h"
#include "http/body.h"
#include "loop/loop.h"

namespace gate::proxy {

// The beginning of a request's body, taken in before a server is asked, so that a slow client keeps no server waiting.
// What it does not hold follows piece by piece. A body that it holds whole can be sent once more.
class RequestBuffer final : public http::BodySource, private http::BodyWaker, private loop::TurnEnd {
 public:
  class Listener {
   public:
    // The body is here, or as much of it as may be.
    virtual void buffered() = 0;
    // The rest of it will not come.
    virtual void buffering_failed() = 0;

   protected:
    ~Listener() = default;
  };

  // All outlive it.
  RequestBuffer(http::BodySource& body, std::size_t bytes_max, loop::Loop& loop, Listener& listener)
      : body_(body), bytes_max_(bytes_max), loop_(loop), listener_(listener) {}
  ~RequestBuffer() override { body_.set_waker(nullptr); }
  RequestBuffer(const RequestBuffer&) = delete;
  RequestBuffer& operator=(const RequestBuffer&) = delete;

  // Once, before it is read. The listener is told later, never from within.
  void fill();

  bool whole() const { return whole_; }
  // The next read begins at the beginning again. Only of what is whole.
  void rewind() { sent_ = 0; }

  http::BodyRead read(std::span<std::byte> into) override;
  std::optional<std::uint64_t> length() const override;
  const http::FieldList* trailers() const override { return body_.trailers(); }

 private:
  void body_ready() override;
  void on_turn_end() override;

  http::BodySource& body_;
  const std::size_t bytes_max_;
  loop::Loop& loop_;
  Listener& listener_;
  base::Buffer held_;
  std::size_t sent_ = 0;
  bool filling_ = false;
  bool whole_ = false;
};

}  // namespace gate::proxy
