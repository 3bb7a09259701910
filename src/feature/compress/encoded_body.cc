#include "feature/compress/encoded_body.h"

#include <utility>

namespace gate::compress {

using State = http::BodyRead::State;

EncodedBody::EncodedBody(http::BodyPtr source, std::unique_ptr<PooledEncoder> encoder, EncoderPool& pool)
    : source_(std::move(source)), encoder_(std::move(encoder)), pool_(pool) {
  source_->set_waker(this);
}

EncodedBody::~EncodedBody() { release_encoder(); }

void EncodedBody::body_ready() {
  source_waits_ = false;
  wake();
}

http::BodyRead EncodedBody::read(std::span<std::byte> into) {
  std::size_t put = 0;
  std::size_t taken = 0;
  while (put < into.size() && phase_ != Phase::kDone && phase_ != Phase::kFailed) {
    if (needs_input() && taken >= kTakenPerReadMax) {
      if (put > 0) break;
      phase_ = Phase::kFlush;
    } else if (needs_input()) {
      if (!source_waits_) fetch();
      if (source_waits_ && phase_ == Phase::kFeed) break;
      taken += input_.size();
    }
    if (phase_ != Phase::kFailed) put += encode(into.subspan(put));
  }
  return outcome(put);
}

void EncodedBody::fetch() {
  const auto room = encoder_->input();
  const auto got = source_->read(room);
  input_ = room.first(got.count);
  switch (got.state) {
    case State::kData: break;
    case State::kEnd: phase_ = Phase::kFinish; break;
    case State::kWait:
      source_waits_ = true;
      if (held_back_) phase_ = Phase::kFlush;
      break;
    case State::kFailed: phase_ = Phase::kFailed; break;
  }
}

std::size_t EncodedBody::encode(std::span<std::byte> into) {
  using Step = Encoder::Step;
  const Step step = phase_ == Phase::kFinish ? Step::kFinish : phase_ == Phase::kFlush ? Step::kFlush : Step::kContinue;
  const auto progress = encoder_->encoder().encode(input_, into, step);
  if (progress.failed) {
    phase_ = Phase::kFailed;
    return 0;
  }
  held_back_ = held_back_ || progress.taken > 0;
  input_ = input_.subspan(progress.taken);
  if (progress.done && step == Step::kFlush) {
    phase_ = Phase::kFeed;
    held_back_ = false;
  } else if (progress.done && step == Step::kFinish) {
    phase_ = Phase::kDone;
    release_encoder();
  }
  return progress.put;
}

// What was put out before a failure is handed on first; the failure follows with the next read.
http::BodyRead EncodedBody::outcome(std::size_t put) const {
  if (phase_ == Phase::kDone) return {State::kEnd, put};
  if (put > 0) return {State::kData, put};
  return {phase_ == Phase::kFailed ? State::kFailed : State::kWait, 0};
}

void EncodedBody::release_encoder() {
  if (encoder_) pool_.give_back(std::move(encoder_));
}

}  // namespace gate::compress
