#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "client/attempts.h"
#include "client/context.h"
#include "feature/proxy/discard.h"
#include "feature/proxy/request_buffer.h"
#include "feature/proxy/settings.h"
#include "feature/proxy/upstream.h"
#include "http/call.h"
#include "http/exchange.h"

namespace gate::proxy {

// What one `proxy` statement is made of on one worker.
struct Surroundings {
  const ProxySettings& settings;
  Upstream& upstream;
  client::Context& client;
};

// One request on its way through: the call to a server, made again where that is safe, and its response as the body of
// the exchange's. It is the exchange's response body from the beginning, so that it ends with the exchange whatever
// comes before.
class Proxied final : public http::BodySource,
                      private http::CallListener,
                      private http::BodyWaker,
                      private RequestBuffer::Listener {
 public:
  // Both outlive it.
  Proxied(const Surroundings& with, http::Exchange& exchange);
  ~Proxied() override;
  Proxied(const Proxied&) = delete;
  Proxied& operator=(const Proxied&) = delete;

  // Begins the first attempt, or to take in the body for it.
  void start();

  http::BodyRead read(std::span<std::byte> into) override;
  std::optional<std::uint64_t> length() const override { return body_length_; }
  const http::FieldList* trailers() const override { return call_.body().trailers(); }

 private:
  void informed(http::Call& call, std::uint16_t status, const http::FieldList& fields) override;
  void responded(http::Call& call) override;
  void failed(http::Call& call, const http::CallFailure& failure) override;
  void body_ready() override { wake(); }
  void buffered() override { begin(); }
  void buffering_failed() override;

  void prepare();
  void begin();
  bool attempt();
  void start_over();
  void release_server();
  std::size_t index_of(const Server& server) const;
  bool may_repeat(const http::CallFailure& failure) const;
  bool asks_elsewhere(std::uint16_t status);
  void ask_for_tunnel();
  void pass_on();
  void pass_on_tunnel();
  void refuse(const http::CallFailure& failure);
  void refuse_without_server();
  void add_sticky_cookie();

  const Surroundings with_;
  http::Exchange& exchange_;
  http::FieldList fields_;
  std::unique_ptr<RequestBuffer> request_buffer_;  // null: the body passes piece by piece
  http::Call call_;
  std::span<bool> tried_;
  Server* server_ = nullptr;
  client::Attempts attempts_;
  std::optional<std::uint64_t> body_length_;
  Discard rest_of_tunnel_;
};

}  // namespace gate::proxy
