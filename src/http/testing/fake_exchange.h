#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/ip.h"
#include "base/text.h"
#include "http/exchange.h"
#include "http/service.h"
#include "http/testing/scripted_body.h"

namespace gate::http::testing {

// A clock that stands still until it is moved.
class FakeClock final : public base::Clock {
 public:
  base::Instant now() const override { return instant; }
  base::WallTime wall() const override { return wall_time; }

  base::Instant instant{};
  base::WallTime wall_time{std::chrono::seconds(1'800'000'000)};
};

// A body of fixed bytes that comes in pieces; also to be used as the answer of a service under test.
class FakeBody final : public BodySource {
 public:
  explicit FakeBody(std::string content = {}, std::size_t piece = SIZE_MAX)
      : content_(std::move(content)), piece_(piece) {}

  BodyRead read(std::span<std::byte> into) override {
    const auto rest = base::as_bytes(content_).subspan(at_);
    const std::size_t count = std::min({into.size(), rest.size(), piece_});
    base::copy_bytes(into, rest.first(count));
    at_ += count;
    return {at_ == content_.size() ? BodyRead::State::kEnd : BodyRead::State::kData, count};
  }

  std::optional<std::uint64_t> length() const override { return content_.size(); }

 private:
  std::string content_;
  std::size_t piece_;
  std::size_t at_ = 0;
};

// What a test may say of the connection and the request before the exchange exists.
struct FakeRequest {
  std::string_view method = "GET";
  std::string_view target = "/";  // origin-form; the path must be plain: it is not decoded and may hold no dot segments
  std::string_view authority = "example.com";
  bool secure = true;
  std::string_view peer = "192.0.2.1";
  std::string_view body{};
  std::string_view upgrade{};       // asks for a tunnel as HTTP/1.1 does
  std::string_view protocol{};      // asks for a tunnel as HTTP/2 does, by an extended CONNECT
  const tls::Facts* tls = nullptr;  // of the handshake
};

// An interim response that a service has sent.
struct Informed {
  std::uint16_t status;
  std::vector<std::pair<std::string, std::string>> fields;
};

// An exchange without a wire: a test fills in a request, lets a service handle it and looks at the response.
//
//   FakeExchange fake({.target = "/old?a=1"});
//   fake.add("accept", "text/html");
//   EXPECT_EQ(fake.run(service), Flow::kTaken);
//   EXPECT_EQ(fake.field("location"), "/new");
//
// As a tunnel:
//
//   FakeExchange fake({.upgrade = "websocket"});
//   fake.run(service);
//   fake.client().add("to the service");
//   EXPECT_EQ(fake.read_body(), "what it says to that");
class FakeExchange final : private ExchangeDriver {
 public:
  explicit FakeExchange(const FakeRequest& given = {})
      : wants_tunnel_(!given.upgrade.empty() || !given.protocol.empty()),
        body_(std::string(given.body)),
        connection_(connection_of(given)),
        exchange_(*this, blocks_, connection_, limits_) {
    exchange_.id = 0x0123456789abcdef;
    fill(exchange_.request, given);
  }

  Exchange& exchange() { return exchange_; }
  Request& request() { return exchange_.request; }
  Response& response() { return exchange_.response; }
  Limits& limits() { return limits_; }

  // Adds a request field; the name in lower case. Text must outlive the exchange.
  void add(std::string_view name, std::string_view value) { exchange_.request.fields.add(name, value); }

  Flow run(Service& service) { return service.handle(exchange_); }

  // How often a response was handed over: 0 or 1 for a correct service.
  int responses() const { return responses_; }
  // The interim responses, in their order.
  const std::vector<Informed>& informed() const { return informed_; }

  // What the client says in a tunnel that was asked for.
  ScriptedBody::Script& client() { return client_; }

  std::uint16_t status() const { return exchange_.response.status; }

  // The value of the first response field of that lower-case name, and how many lines there are.
  std::string_view field(std::string_view name) const {
    const auto* found = exchange_.response.fields.find(name);
    return found ? found->value : std::string_view{};
  }
  std::size_t count(std::string_view name) const {
    std::size_t lines = 0;
    for (const auto& each : exchange_.response.fields) lines += each.name == name ? 1 : 0;
    return lines;
  }

  // Pulls the response body until it ends, fails or waits; `last_read()` then says which.
  std::string read_body(std::size_t piece = 4096) {
    std::string content;
    if (!exchange_.response.body) return content;
    std::string room(piece, '\0');
    do {
      last_read_ = exchange_.response.body->read(std::as_writable_bytes(std::span(room)));
      content.append(room, 0, last_read_.count);
    } while (last_read_.state == BodyRead::State::kData);
    return content;
  }
  BodyRead::State last_read() const { return last_read_.state; }

 private:
  void response_ready(Exchange&) override { ++responses_; }
  BodySource& request_body(Exchange&) override {
    if (wants_tunnel_) return client_body_;
    return body_;
  }
  void inform(Exchange&, std::uint16_t status, const FieldList& fields) override {
    auto& lines = informed_.emplace_back(Informed{status, {}}).fields;
    for (const Field& field : fields) lines.emplace_back(field.name, field.value);
  }

  static ConnectionInfo connection_of(const FakeRequest& given) {
    ConnectionInfo info;
    info.id = 7;
    info.peer = {base::IpAddress::parse(given.peer).value(), 50'000};
    info.local = {base::IpAddress::parse("192.0.2.254").value(), static_cast<std::uint16_t>(given.secure ? 443 : 80)};
    info.secure = given.secure;
    info.tls = given.tls;
    return info;
  }

  static void fill(Request& request, const FakeRequest& given) {
    request.method = to_method(given.method);
    request.method_text = given.method;
    request.scheme = given.secure ? "https" : "http";
    request.authority = given.authority;
    request.host = given.authority.substr(0, given.authority.rfind(':'));
    request.target = given.target;
    const auto question_mark = given.target.find('?');
    request.path = request.raw_path = given.target.substr(0, question_mark);
    request.has_query = question_mark != std::string_view::npos;
    if (request.has_query) request.query = given.target.substr(question_mark + 1);
    if (!given.authority.empty()) request.fields.add(FieldId::kHost, given.authority);
    request.has_body = !given.body.empty();
    if (request.has_body) request.content_length = given.body.size();
    if (!given.upgrade.empty()) {
      request.fields.add(FieldId::kConnection, "Upgrade");
      request.fields.add(FieldId::kUpgrade, given.upgrade);
    }
    if (given.protocol.empty()) return;
    request.version = Version::kHttp2;
    request.method = Method::kConnect;
    request.method_text = "CONNECT";
    request.protocol = given.protocol;
  }

  base::BlockPool blocks_;
  Limits limits_;
  const bool wants_tunnel_;
  FakeBody body_;
  base::Arena arena_{blocks_};
  ScriptedBody::Script client_;
  ScriptedBody client_body_{client_, arena_};
  ConnectionInfo connection_;
  std::vector<Informed> informed_;
  int responses_ = 0;
  BodyRead last_read_;
  Exchange exchange_;
};

}  // namespace gate::http::testing
