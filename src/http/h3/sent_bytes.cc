#include "http/h3/sent_bytes.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace gate::http::h3 {

SentBytes::~SentBytes() {
  while (first_.next) drop_front();  // one at a time: a long chain would recurse deeply
}

std::span<std::byte> SentBytes::room(std::size_t count) {
  if (back_->memory.size() - back_->used < count) {
    auto chunk = std::make_unique<Chunk>();
    const std::size_t size = std::max(count, kChunkBytes);
    chunk->owned = std::make_unique_for_overwrite<std::byte[]>(size);
    chunk->memory = {chunk->owned.get(), size};
    back_->next = std::move(chunk);
    back_ = back_->next.get();
  }
  return back_->memory.subspan(back_->used);
}

void SentBytes::commit(std::size_t count) {
  GATE_CHECK(count <= back_->memory.size() - back_->used);
  back_->used += count;
  unsent_ += count;
  held_ += count;
}

void SentBytes::append(base::ByteView bytes) {
  base::copy_bytes(room(bytes.size()), bytes);
  commit(bytes.size());
}

std::size_t SentBytes::unsent(std::span<base::ByteView> pieces) const {
  std::size_t count = 0;
  std::size_t at = sending_at_;
  for (const Chunk* chunk = sending_; chunk && count < pieces.size(); chunk = chunk->next.get(), at = 0) {
    if (chunk->used > at) pieces[count++] = chunk->memory.subspan(at, chunk->used - at);
  }
  return count;
}

void SentBytes::take(std::size_t count) {
  GATE_CHECK(count <= unsent_);
  unsent_ -= count;
  while (count > 0) {
    const std::size_t part = std::min(count, sending_->used - sending_at_);
    sending_at_ += part;
    count -= part;
    if (count == 0) break;
    sending_ = sending_->next.get();
    sending_at_ = 0;
  }
}

void SentBytes::release(std::size_t count) {
  GATE_CHECK(count <= held_ - unsent_);
  held_ -= count;
  if (held_ == 0) return begin_anew();
  while (count > 0) {
    const std::size_t part = std::min(count, front_->used - front_at_);
    front_at_ += part;
    count -= part;
    if (count == 0) break;
    front_ = front_->next.get();
    front_at_ = 0;
    if (first_.next.get() != front_) drop_front();
  }
}

// Nothing is under way: no chunk is held.
void SentBytes::begin_anew() {
  while (first_.next) drop_front();
  first_.used = 0;
  back_ = sending_ = front_ = &first_;
  sending_at_ = front_at_ = 0;
}

// Of the chunks behind the first.
void SentBytes::drop_front() { first_.next = std::exchange(first_.next->next, nullptr); }

}  // namespace gate::http::h3
