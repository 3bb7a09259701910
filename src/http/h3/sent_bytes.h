#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/bytes.h"

namespace gate::http::h3 {

// The bytes of one stream on their way to the client. They stay where they are until they are acknowledged, since what
// is lost is sent again from here. A few fit into memory that is there anyway; more get chunks, which are given back
// one by one.
class SentBytes {
 public:
  static constexpr std::size_t kChunkBytes = 64 * 1024;

  SentBytes() = default;
  ~SentBytes();
  SentBytes(const SentBytes&) = delete;
  SentBytes& operator=(const SentBytes&) = delete;

  // Memory to be used before any chunk; outlives this. To be given before all else.
  void use(std::span<std::byte> first) { first_.memory = first; }

  // Where the next bytes are put: `count` at the least, in one piece.
  std::span<std::byte> room(std::size_t count);
  // The first `count` bytes of that room are part of the stream now.
  void commit(std::size_t count);
  void append(base::ByteView bytes);

  // What is to be sent next, in order, as many pieces as there are and fit into `pieces`; says how many.
  std::size_t unsent(std::span<base::ByteView> pieces) const;
  std::size_t unsent() const { return unsent_; }
  // The first `count` of them were taken by the transport.
  void take(std::size_t count);

  // The first `count` of the bytes held are not needed any more.
  void release(std::size_t count);
  std::size_t held() const { return held_; }

 private:
  struct Chunk {
    std::unique_ptr<std::byte[]> owned;  // null: the memory is somebody else's
    std::span<std::byte> memory;
    std::size_t used = 0;
    std::unique_ptr<Chunk> next;
  };

  void begin_anew();
  void drop_front();

  Chunk first_;
  Chunk* back_ = &first_;
  Chunk* sending_ = &first_;
  std::size_t sending_at_ = 0;
  Chunk* front_ = &first_;  // the first that holds something
  std::size_t front_at_ = 0;
  std::size_t unsent_ = 0;
  std::size_t held_ = 0;
};

}  // namespace gate::http::h3
