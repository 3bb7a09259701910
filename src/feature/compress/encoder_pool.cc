#include "feature/compress/encoder_pool.h"

#include <algorithm>
#include <utility>

namespace gate::compress {

PooledEncoder::~PooledEncoder() { pool_.budget_.release(cost_); }

void PooledEncoder::evict() {
  std::erase_if(pool_.idle_, [this](const auto& idle) { return idle.get() == this; });
}

std::unique_ptr<PooledEncoder> EncoderPool::take(http::ContentCoding coding) {
  const auto idle = std::ranges::find(idle_, coding, [](const auto& each) { return each->coding(); });
  if (idle != idle_.end()) {
    auto encoder = std::move(*idle);
    idle_.erase(idle);
    encoder->unlink();
    return encoder;
  }
  const int level = levels_[static_cast<std::size_t>(coding)];
  const http::CacheCost cost{.bytes = memory_of(coding, level) + sizeof(PooledEncoder)};
  if (!budget_.reserve(cost)) return nullptr;
  auto made = make_encoder(coding, level);
  if (made) return std::make_unique<PooledEncoder>(*this, coding, std::move(made), cost);
  budget_.release(cost);
  return nullptr;
}

void EncoderPool::give_back(std::unique_ptr<PooledEncoder> encoder) {
  if (!encoder->encoder().restart()) return;
  budget_.touch(*encoder);
  idle_.push_back(std::move(encoder));
}

}  // namespace gate::compress
