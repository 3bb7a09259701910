#include "feature/cache/stream_body.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"

namespace gate::cache {

using http::BodyRead;

StreamBody::StreamBody(Fetch& fetch, const Share& share) : fetch_(&fetch), length_(fetch.body_length()) {
  if (share.of == Share::Of::kPart) {
    at_ = share.part.first;
    end_ = share.part.last + 1;
    length_ = share.part.size();
  }
  fetch.attach(*this);
}

StreamBody::~StreamBody() {
  if (fetch_) fetch_->detach();
}

BodyRead StreamBody::read(std::span<std::byte> into) {
  if (body_) return read_from(*body_, into);
  if (!fetch_) return {BodyRead::State::kFailed, 0};
  const std::string& received = fetch_->received();
  if (at_ < received.size()) return read_from(received, into);
  http::BodySource* const rest = fetch_->rest_of_body();
  return rest ? rest->read(into) : BodyRead{BodyRead::State::kWait, 0};
}

BodyRead StreamBody::read_from(std::string_view received, std::span<std::byte> into) {
  const auto there = std::min<std::uint64_t>(received.size(), end_);
  const std::size_t count = at_ < there ? std::min<std::uint64_t>(into.size(), there - at_) : 0;
  if (count > 0) base::copy_bytes(into, base::as_bytes(received.substr(at_, count)));
  at_ += count;
  const bool over = at_ == end_ || (body_ && at_ == body_->size());
  return {over ? BodyRead::State::kEnd : BodyRead::State::kData, count};
}

void StreamBody::complete(std::shared_ptr<const std::string> body) {
  body_ = std::move(body);
  fetch_ = nullptr;
  wake();
}

void StreamBody::fail() {
  fetch_ = nullptr;
  wake();
}

}  // namespace gate::cache
