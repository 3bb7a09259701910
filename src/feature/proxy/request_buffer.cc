#include "feature/proxy/request_buffer.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace gate::proxy {
namespace {

// A body that says it is long and never comes holds no more than what has come.
constexpr std::size_t kPiece = 16 * 1024;

}  // namespace

void RequestBuffer::fill() {
  filling_ = true;
  body_.set_waker(this);
  loop_.schedule(*this);
}

void RequestBuffer::body_ready() {
  if (filling_) {
    loop_.schedule(*this);
  } else {
    wake();
  }
}

void RequestBuffer::on_turn_end() {
  bool failed = false;
  while (!whole_ && !failed && held_.size() < bytes_max_) {
    const std::size_t wanted = std::min(kPiece, bytes_max_ - held_.size());
    const http::BodyRead read = body_.read(held_.prepare(wanted).first(wanted));
    held_.commit(read.count);
    switch (read.state) {
      case http::BodyRead::State::kData: break;
      case http::BodyRead::State::kWait: return;
      case http::BodyRead::State::kEnd: whole_ = true; break;
      case http::BodyRead::State::kFailed: failed = true; break;
    }
  }
  filling_ = false;
  if (failed) {
    listener_.buffering_failed();
  } else {
    listener_.buffered();
  }
}

http::BodyRead RequestBuffer::read(std::span<std::byte> into) {
  if (!whole_ && sent_ == held_.size()) {
    held_.release();
    sent_ = 0;
    return body_.read(into);
  }
  const std::size_t count = std::min(into.size(), held_.size() - sent_);
  base::copy_bytes(into, held_.view().subspan(sent_, count));
  sent_ += count;
  const bool over = whole_ && sent_ == held_.size();
  return {over ? http::BodyRead::State::kEnd : http::BodyRead::State::kData, count};
}

// With trailers it cannot be said beforehand (RFC 9112 7.1.2).
std::optional<std::uint64_t> RequestBuffer::length() const {
  if (whole_ && !trailers()) return held_.size();
  return body_.length();
}

}  // namespace gate::proxy
