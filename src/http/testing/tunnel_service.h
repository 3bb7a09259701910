#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "http/exchange.h"
#include "http/testing/scripted_body.h"

namespace gate::http::testing {

// A service that makes a tunnel of one exchange, whose two directions have nothing to do with each other: a test says
// what goes out, and reads what has come in.
class TunnelService {
 public:
  explicit TunnelService(std::uint16_t status) : status_(status) {}

  void handle(Exchange& exchange) {
    exchange_ = &exchange;
    exchange.response.status = status_;
    exchange.response.tunnel = true;
    exchange.response.body = exchange.make_body<ScriptedBody>(out, exchange.arena());
    exchange.respond();
  }

  // What the client has sent; `last` says how it goes on.
  std::string read() {
    std::string text;
    std::string room(4096, '\0');
    do {
      const BodyRead read = exchange_->request_body().read(std::as_writable_bytes(std::span(room)));
      text.append(room, 0, read.count);
      last = read.state;
    } while (last == BodyRead::State::kData);
    return text;
  }

  ScriptedBody::Script out;
  BodyRead::State last = BodyRead::State::kWait;

 private:
  std::uint16_t status_;
  Exchange* exchange_ = nullptr;
};

// A response body that is the request's body, passed through as it comes.
class EchoBody final : public BodySource, private BodyWaker {
 public:
  explicit EchoBody(BodySource& from) : from_(from) { from_.set_waker(this); }
  ~EchoBody() override { from_.set_waker(nullptr); }
  EchoBody(const EchoBody&) = delete;
  EchoBody& operator=(const EchoBody&) = delete;

  BodyRead read(std::span<std::byte> into) override { return from_.read(into); }
  const FieldList* trailers() const override { return from_.trailers(); }

 private:
  void body_ready() override { wake(); }

  BodySource& from_;
};

}  // namespace gate::http::testing
