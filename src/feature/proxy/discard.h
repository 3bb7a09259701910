#pragma once

#include "http/body.h"
#include "loop/loop.h"

namespace gate::proxy {

// Reads a body to its end for nobody: what a client still sends into a tunnel of which the server has ended its side.
// Only when the end of both is seen is the tunnel over.
class Discard final : private http::BodyWaker, private loop::TurnEnd {
 public:
  explicit Discard(loop::Loop& loop) : loop_(loop) {}
  ~Discard() override { stop(); }
  Discard(const Discard&) = delete;
  Discard& operator=(const Discard&) = delete;

  // `body` outlives this. Does nothing when it runs already.
  void start(http::BodySource& body);

 private:
  void body_ready() override { loop_.schedule(*this); }
  void on_turn_end() override;
  void stop();

  loop::Loop& loop_;
  http::BodySource* body_ = nullptr;
};

}  // namespace gate::proxy
