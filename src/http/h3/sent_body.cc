#include "http/h3/sent_body.h"

#include <utility>

#include "base/check.h"

namespace gate::http::h3 {

SentBody::~SentBody() {
  while (front_) drop_front();  // one at a time: a long chain would recurse deeply
}

std::span<std::byte> SentBody::room() {
  if (end_ < first_.size()) return first_.subspan(end_);
  if (!front_) front_at_ = back_end_ = first_.size();
  if (end_ == back_end_) {
    auto chunk = std::make_unique_for_overwrite<Chunk>();
    Chunk* added = chunk.get();
    (front_ ? back_->next : front_) = std::move(chunk);
    back_ = added;
    back_end_ += kChunkBytes;
  }
  return std::span(back_->bytes).last(back_end_ - end_);
}

base::ByteView SentBody::commit(std::size_t count) {
  const auto room_left = room();
  GATE_CHECK(count <= room_left.size());
  end_ += count;
  return room_left.first(count);
}

void SentBody::release(std::size_t count) {
  GATE_CHECK(count <= held());
  begin_ += count;
  if (begin_ == end_) {
    // Nothing is under way: an idle body holds no chunk, and begins anew.
    while (front_) drop_front();
    begin_ = end_ = 0;
    return;
  }
  while (front_ && begin_ >= front_at_ + kChunkBytes) drop_front();
}

void SentBody::drop_front() {
  front_ = std::exchange(front_->next, nullptr);
  front_at_ += kChunkBytes;
}

}  // namespace gate::http::h3
