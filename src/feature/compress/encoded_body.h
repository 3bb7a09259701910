#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "feature/compress/encoder_pool.h"
#include "http/body.h"

namespace gate::compress {

// A body in a content coding, made while it is read. What the source gave is put out whenever the source waits, so that
// a response that comes in pieces reaches the client in the same pieces.
//
//   kFeed ──source waits──▶ kFlush ──all put out──▶ kFeed
//     │                                               │
//     └──────────────── source ends ──▶ kFinish ──▶ kDone       any ──source or encoder fails──▶ kFailed
class EncodedBody final : public http::BodySource, private http::BodyWaker {
 public:
  // The most that is taken from the source in one read; then what there is is put out. Content that compresses a
  // thousandfold must not keep the worker busy until the reader's room is full.
  static constexpr std::size_t kTakenPerReadMax = 128 * 1024;

  // `pool` outlives the body.
  EncodedBody(http::BodyPtr source, std::unique_ptr<PooledEncoder> encoder, EncoderPool& pool);
  ~EncodedBody() override;

  http::BodyRead read(std::span<std::byte> into) override;
  const http::FieldList* trailers() const override { return source_->trailers(); }

 private:
  enum class Phase : std::uint8_t { kFeed, kFlush, kFinish, kDone, kFailed };

  void body_ready() override;
  bool needs_input() const { return phase_ == Phase::kFeed && input_.empty(); }
  void fetch();
  std::size_t encode(std::span<std::byte> into);
  http::BodyRead outcome(std::size_t put) const;
  void release_encoder();

  http::BodyPtr source_;
  std::unique_ptr<PooledEncoder> encoder_;
  EncoderPool& pool_;
  base::ByteView input_;  // in the encoder's room, not taken yet
  Phase phase_ = Phase::kFeed;
  bool source_waits_ = false;
  bool held_back_ = false;  // the encoder has taken bytes that were not flushed
};

}  // namespace gate::compress
