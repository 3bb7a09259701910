#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/buffer.h"
#include "http/exchange.h"
#include "http/h1/chunked_decoder.h"
#include "http/h1/request_head.h"
#include "http/request_rules.h"

namespace gate::http::h1 {

// The body of the request at hand: fed by the wire with what arrives, pulled by a service. The framing is checked as
// the bytes arrive, whether or not anybody pulls.
class RequestBody final : public BodySource {
 public:
  // Full enough to stop reading from the client: the service is slower than the sender.
  static constexpr std::size_t kBufferedBytesMax = 64 * 1024;

  // Told what the pulls mean for the connection.
  class Owner {
   public:
    virtual void body_awaited() = 0;    // a pull found nothing: the client is to send
    virtual void body_has_room() = 0;   // has_room() holds again
    virtual void tunnel_drained() = 0;  // the reader has seen the end of a tunnel

   protected:
    ~Owner() = default;
  };

  // Both outlive the body.
  RequestBody(Owner& owner, Exchange& exchange, const Control& control);

  BodyRead read(std::span<std::byte> into) override;
  std::optional<std::uint64_t> length() const override;
  const FieldList* trailers() const override;

  // Takes what belongs to the body off the front of `input` and says how much that was. The rest is either behind the
  // body or to be given again with more behind it. Not to be called once complete or faulty.
  std::size_t feed(std::string_view input);

  // The request had no body, and now all that comes is one, until end_tunnel().
  void open_tunnel();
  void end_tunnel();

  // The body will not be completed; whoever pulls it must notice.
  void fail();

  // Nobody will pull any more: drops what is here and what comes.
  void discard();

  bool complete() const { return state_ == State::kComplete; }
  std::optional<RequestFault> fault() const { return fault_; }
  // All of a tunnel was read, and its end.
  bool drained() const { return drained_; }
  bool has_room() const { return buffered_.size() < kBufferedBytesMax; }
  bool was_pulled() const { return was_pulled_; }
  std::uint64_t discarded_bytes() const { return discarded_bytes_; }
  // Bytes that are still to arrive, where the head said how many.
  std::uint64_t missing_bytes() const { return control_.length - received_bytes_; }

 private:
  enum class State : std::uint8_t { kOpen, kComplete, kFailed };

  std::size_t feed_chunks(std::string_view input);
  void take(std::string_view data);
  void end(State state);
  void note_end_read();
  void wake_reader();

  Owner& owner_;
  Exchange& exchange_;
  Control control_;
  FieldList trailers_;
  ChunkedDecoder decoder_;
  base::Buffer buffered_;
  std::uint64_t received_bytes_ = 0;
  std::uint64_t discarded_bytes_ = 0;
  std::optional<RequestFault> fault_;
  State state_;
  bool was_pulled_ = false;
  bool reader_waits_ = false;
  bool discarding_ = false;
  bool drained_ = false;
};

}  // namespace gate::http::h1
