#include "http/h1/request_body.h"

#include <algorithm>

namespace gate::http::h1 {

RequestBody::RequestBody(Owner& owner, Exchange& exchange, const Control& control)
    : owner_(owner),
      exchange_(exchange),
      control_(control),
      trailers_(exchange.arena()),
      decoder_(exchange.arena(), exchange.limits(), trailers_),
      state_(control.framing == Framing::kNone ? State::kComplete : State::kOpen) {}

BodyRead RequestBody::read(std::span<std::byte> into) {
  was_pulled_ = true;
  if (state_ == State::kFailed) return {BodyRead::State::kFailed, 0};
  const bool had_room = has_room();
  const std::size_t count = std::min(into.size(), buffered_.size());
  base::copy_bytes(into, buffered_.view().first(count));
  buffered_.consume(count);
  if (!had_room && has_room()) owner_.body_has_room();
  if (complete() && buffered_.empty()) {
    note_end_read();
    return {BodyRead::State::kEnd, count};
  }
  if (count > 0) return {BodyRead::State::kData, count};
  reader_waits_ = true;
  owner_.body_awaited();
  return {BodyRead::State::kWait, 0};
}

std::optional<std::uint64_t> RequestBody::length() const {
  const bool known = control_.framing == Framing::kNone || control_.framing == Framing::kLength;
  return known ? std::optional(control_.length) : std::nullopt;
}

const FieldList* RequestBody::trailers() const { return complete() && !trailers_.empty() ? &trailers_ : nullptr; }

std::size_t RequestBody::feed(std::string_view input) {
  if (control_.framing == Framing::kChunked) return feed_chunks(input);
  if (control_.framing == Framing::kTunnel) {
    take(input);
    wake_reader();
    return input.size();
  }
  const auto data = input.substr(0, std::min<std::uint64_t>(input.size(), missing_bytes()));
  take(data);
  if (missing_bytes() == 0) end(State::kComplete);
  wake_reader();
  return data.size();
}

std::size_t RequestBody::feed_chunks(std::string_view input) {
  std::size_t used = 0;
  while (used < input.size() && state_ == State::kOpen) {
    const auto piece = decoder_.decode(input.substr(used));
    used += piece.used;
    if (piece.progress == Progress::kFault) fault_ = RequestFault::kBadChunk;
    take(piece.data);
    if (received_bytes_ > exchange_.limits().body_bytes_max) fault_ = RequestFault::kBodyTooLarge;
    if (fault_) {
      end(State::kFailed);
    } else if (piece.progress == Progress::kComplete) {
      end(State::kComplete);
    } else if (piece.used == 0) {
      break;
    }
  }
  wake_reader();
  return used;
}

void RequestBody::take(std::string_view data) {
  received_bytes_ += data.size();
  exchange_.request_body_bytes = received_bytes_;
  if (discarding_) {
    discarded_bytes_ += data.size();
  } else if (!data.empty()) {
    buffered_.append(data);
  }
}

void RequestBody::open_tunnel() {
  control_.framing = Framing::kTunnel;
  state_ = State::kOpen;
}

void RequestBody::end_tunnel() {
  end(State::kComplete);
  wake_reader();
}

void RequestBody::note_end_read() {
  if (control_.framing != Framing::kTunnel || drained_) return;
  drained_ = true;
  owner_.tunnel_drained();
}

void RequestBody::fail() {
  if (complete()) return;
  end(State::kFailed);
  wake_reader();
}

void RequestBody::discard() {
  set_waker(nullptr);
  discarding_ = true;
  buffered_.release();
}

void RequestBody::end(State state) {
  state_ = state;
  if (state == State::kFailed) buffered_.release();
}

// Only a reader that was told to wait is called back, and only when there is a reason to read.
void RequestBody::wake_reader() {
  if (!reader_waits_ || (state_ == State::kOpen && buffered_.empty())) return;
  reader_waits_ = false;
  wake();
}

}  // namespace gate::http::h1
