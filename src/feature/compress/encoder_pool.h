#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "feature/compress/encoder.h"
#include "http/accept_encoding.h"
#include "http/cache_budget.h"

namespace gate::compress {

class EncoderPool;

// An encoder and the room for what it is fed with.
class PooledEncoder final : public http::CacheItem {
 public:
  static constexpr std::size_t kInputBytes = 16 * 1024;

  PooledEncoder(EncoderPool& pool, http::ContentCoding coding, std::unique_ptr<Encoder> encoder, http::CacheCost cost)
      : pool_(pool), coding_(coding), encoder_(std::move(encoder)), cost_(cost) {}
  ~PooledEncoder();

  http::ContentCoding coding() const { return coding_; }
  Encoder& encoder() { return *encoder_; }
  std::span<std::byte> input() { return input_; }
  void evict() override;

 private:
  EncoderPool& pool_;
  http::ContentCoding coding_;
  std::unique_ptr<Encoder> encoder_;
  http::CacheCost cost_;
  std::array<std::byte, kInputBytes> input_;
};

// Encoders of one worker and statement. Those at work and those that wait for the next response count against the
// worker's budget, so that slow readers of compressed responses cannot hold more memory than that.
class EncoderPool {
 public:
  using Levels = std::array<int, http::kContentCodings>;

  EncoderPool(const Levels& levels, http::CacheBudget& budget) : levels_(levels), budget_(budget) {}

  // Null when the budget is spent.
  std::unique_ptr<PooledEncoder> take(http::ContentCoding coding);
  void give_back(std::unique_ptr<PooledEncoder> encoder);

  std::size_t idle() const { return idle_.size(); }

 private:
  friend class PooledEncoder;

  Levels levels_;
  http::CacheBudget& budget_;
  std::vector<std::unique_ptr<PooledEncoder>> idle_;
};

}  // namespace gate::compress
