#include "http/multiplex/request_body.h"

#include <algorithm>
#include <utility>

namespace gate::http::multiplex {

BodyRead RequestBody::read(std::span<std::byte> into) {
  if (state_ == State::kFailed) return {BodyRead::State::kFailed, 0};
  if (buffer_.empty() && state_ == State::kOpen) {
    if (!asked_) owner_.body_wanted();
    asked_ = true;
    return {BodyRead::State::kWait, 0};
  }
  asked_ = true;
  const std::size_t count = std::min(into.size(), buffer_.size());
  base::copy_bytes(into, buffer_.view().first(count));
  buffer_.consume(count);
  const bool last = state_ == State::kEnded && buffer_.empty();
  if (last) buffer_.release();
  if (count > 0) owner_.body_taken(count);
  if (last && !std::exchange(drained_, true)) owner_.body_drained();
  return {last ? BodyRead::State::kEnd : BodyRead::State::kData, count};
}

void RequestBody::append(base::ByteView bytes) {
  asked_ = true;
  buffer_.append(bytes);
  wake();
}

void RequestBody::add_trailer(base::Arena& arena, const Field& field) {
  if (!trailers_) trailers_.emplace(arena);
  trailers_->add(field);
}

void RequestBody::end() {
  state_ = State::kEnded;
  wake();
}

void RequestBody::fail() {
  state_ = State::kFailed;
  buffer_.release();
  wake();
}

}  // namespace gate::http::multiplex
