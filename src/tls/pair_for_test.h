#pragma once

#include <openssl/rand.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "cert/authority_for_test.h"
#include "cert/verify.h"
#include "tls/client.h"
#include "tls/engine.h"
#include "tls/server_context.h"

// Servers and clients that talk through memory.
namespace gate::tls::for_test {

class Clock final : public base::Clock {
 public:
  base::Instant now() const override { return now_ += std::chrono::microseconds(1); }
  base::WallTime wall() const override { return std::chrono::system_clock::now(); }

 private:
  mutable base::Instant now_{};
};

class Random final : public base::Random {
 public:
  void fill(std::span<std::byte> bytes) override { RAND_bytes(cert::native_data(bytes), bytes.size()); }
};

inline base::IpAddress address(std::string_view text) { return *base::IpAddress::parse(text); }

// Certificates for example.com, made once a process.
struct Certificates {
  base::WallTime now = std::chrono::system_clock::now() - std::chrono::hours(1);
  cert::Credential root = cert::for_test::root("root", now);
  cert::Roots roots = cert::Roots::of(std::vector{root.leaf()});
  cert::Credential ecdsa = cert::for_test::leaf(root, {"example.com", "*.example.com", "192.0.2.1"}, now);
  cert::Credential rsa = cert::for_test::rsa_leaf(root, {"example.com", "*.example.com"}, now);
  cert::Credential other = cert::for_test::leaf(root, {"other.test"}, now);

  static const Certificates& shared() {
    static const Certificates certificates;
    return certificates;
  }
};

inline TicketKeys fresh_ticket_keys() {
  Random random;
  return TicketKeys::generate(random, std::chrono::system_clock::now());
}

// A site "example.com" with an ECDSA certificate.
inline ServerSettings example_settings() {
  ServerSettings settings{.sites = {}, .ticket_keys = fresh_ticket_keys(), .key_log = {}};
  settings.sites.push_back({.names = {"example.com"}, .credentials = {&Certificates::shared().ecdsa}, .policy = {}});
  return settings;
}

inline std::shared_ptr<ServerContext> make_server(const ServerSettings& settings) {
  auto context = ServerContext::create(settings);
  GATE_CHECK(context.has_value());
  return *std::move(context);
}

inline std::shared_ptr<ClientContext> make_client(ClientSettings settings = {}) {
  static const Clock clock;
  if (settings.roots == nullptr) settings.roots = &Certificates::shared().roots;
  auto context = ClientContext::create(settings, clock);
  GATE_CHECK(context.has_value());
  return *std::move(context);
}

// One end of a connection.
struct End {
  template <class... Arguments>
  explicit End(Arguments&&... arguments) : engine(std::forward<Arguments>(arguments)...) {}

  Engine engine;
  base::Buffer received;
  base::Buffer sent;
  Step step = Step::kNeedRead;

  void handshake() {
    Io io{received.view(), sent};
    step = engine.handshake(io);
    received.consume(received.size() - io.input.size());
  }

  // Reads all there is.
  std::string read() {
    std::string text;
    std::array<std::byte, 4096> buffer;
    std::size_t count = 0;
    Io io{received.view(), sent};
    while ((step = engine.read(io, buffer, count)) == Step::kDone) {
      text += base::as_text(std::span(buffer).first(count));
    }
    received.consume(received.size() - io.input.size());
    return text;
  }

  bool write(std::string_view text) {
    Io io{{}, sent};
    return engine.write(io, base::as_bytes(text));
  }

  void close() {
    Io io{{}, sent};
    engine.close(io);
  }
};

inline void carry(End& from, End& to) {
  to.received.append(from.sent.view());
  from.sent.clear();
}

// A client and a server with a wire between them.
struct Pair {
  Pair(std::shared_ptr<const ServerContext> server_context, std::shared_ptr<const ClientContext> client_context,
       const ClientTarget& target = {"example.com"}, std::string_view local_address = "192.0.2.9")
      : server(std::move(server_context), address(local_address), clock),
        client(std::move(client_context), target, clock) {}

  // Until both are done or one has failed.
  bool handshake() {
    for (int round = 0; round < 10; ++round) {
      client.handshake();
      carry(client, server);
      server.handshake();
      carry(server, client);
      if (client.step != Step::kNeedRead && server.step != Step::kNeedRead) break;
    }
    return client.step == Step::kDone && server.step == Step::kDone;
  }

  std::string to_server(std::string_view text) {
    GATE_CHECK(client.write(text));
    carry(client, server);
    return server.read();
  }
  std::string to_client(std::string_view text) {
    GATE_CHECK(server.write(text));
    carry(server, client);
    return client.read();
  }

  const Facts& facts() const { return server.engine.facts(); }
  base::ErrorCode server_failure() const { return server.engine.failure().code; }
  base::ErrorCode client_failure() const { return client.engine.failure().code; }

  Clock clock;
  End server;
  End client;
};

}  // namespace gate::tls::for_test
