#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "base/bytes.h"

namespace gate::http::h3 {

// The bytes of a response's body on their way from its source to the client. They stay where they are until they are
// acknowledged, since what is lost is sent again from here. Short bodies fit into memory that is there anyway; longer
// ones get chunks, which are given back one by one.
class SentBody {
 public:
  static constexpr std::size_t kChunkBytes = 16 * 1024;

  SentBody() = default;
  ~SentBody();
  SentBody(const SentBody&) = delete;
  SentBody& operator=(const SentBody&) = delete;

  // Memory to be used before any chunk; outlives this. To be given before all else.
  void use(std::span<std::byte> first) { first_ = first; }

  // Where the next bytes are put; never empty.
  std::span<std::byte> room();
  // The first `count` bytes of that room are part of the body now.
  base::ByteView commit(std::size_t count);

  // The first `count` of the bytes held are not needed any more.
  void release(std::size_t count);

  std::size_t held() const { return end_ - begin_; }

 private:
  struct Chunk {
    std::unique_ptr<Chunk> next;
    std::array<std::byte, kChunkBytes> bytes;
  };

  void drop_front();

  // Positions count from the front of `first_`, and go on through the chunks.
  std::span<std::byte> first_;
  std::unique_ptr<Chunk> front_;
  Chunk* back_ = nullptr;
  std::size_t front_at_ = 0;  // position of the front chunk
  std::size_t back_end_ = 0;  // position behind the back chunk
  std::size_t begin_ = 0;     // of what is held
  std::size_t end_ = 0;
};

}  // namespace gate::http::h3
