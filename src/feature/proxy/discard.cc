#include "feature/proxy/discard.h"

#include <array>
#include <cstddef>

namespace gate::proxy {

void Discard::start(http::BodySource& body) {
  if (body_) return;
  body_ = &body;
  body_->set_waker(this);
  loop_.schedule(*this);
}

void Discard::on_turn_end() {
  std::array<std::byte, 4096> nowhere;
  while (body_) {
    switch (body_->read(nowhere).state) {
      case http::BodyRead::State::kData: break;
      case http::BodyRead::State::kWait: return;
      case http::BodyRead::State::kEnd:
      case http::BodyRead::State::kFailed: stop(); return;
    }
  }
}

void Discard::stop() {
  if (body_) body_->set_waker(nullptr);
  body_ = nullptr;
}

}  // namespace gate::proxy
