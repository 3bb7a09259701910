#pragma once

#include <nghttp3/nghttp3.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "os/random.h"
#include "quic/connection.h"

namespace gate::bench {

struct Target {
  base::Endpoint address;
  std::string name;
  std::string path;
  std::string authority{};
  std::uint32_t streams = 1;
};

// What all connections have done together.
struct Tally {
  std::uint64_t wanted = 0;
  std::uint64_t begun = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0;
  std::uint64_t handshakes = 0;

  bool complete() const { return succeeded + failed >= wanted; }
};

// A client of HTTP/3 that keeps so many requests under way until all are done.
class Client final : private quic::ConnectionHost, private quic::ConnectionOwner {
 public:
  Client(const Target& target, const quic::Path& path, Tally& tally, const base::Clock& clock);
  ~Client();

  quic::Connection& connection() { return *connection_; }
  const quic::Connection& connection() const { return *connection_; }
  // The server wants no more requests here, and has answered those it got: time for another connection.
  bool exhausted() const;

 private:
  class Http3;

  quic::ConnectionId issue_id(quic::Connection&) override;
  void retire_id(const quic::ConnectionId&) override {}
  quic::ResetToken reset_token(const quic::ConnectionId&) const override { return {}; }
  void fill_random(std::span<std::byte> bytes) override { random_.fill(bytes); }
  std::vector<std::byte> address_token(const quic::Path&) override { return {}; }
  std::unique_ptr<quic::Application> make_application(quic::Connection& connection) override;
  void handshake_done(quic::Connection&) override { ++tally_.handshakes; }
  void wake(quic::Connection&) override {}
  void qlog(base::ByteView, bool) override {}

  const Target& target_;
  Tally& tally_;
  os::SystemRandom random_;
  Http3* http3_ = nullptr;  // the connection owns it
  std::unique_ptr<quic::Connection> connection_;
};

}  // namespace gate::bench
