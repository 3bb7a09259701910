#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "base/result.h"
#include "load/tally.h"
#include "loop/loop.h"
#include "tls/client.h"

namespace gate::load {

// What each connection does once its handshake is done.
enum class Purpose : std::uint8_t {
  kClose,    // nothing
  kRequest,  // asks for "/" over HTTP/1.1, takes the answer, which has to be 200, and closes
  kHold,     // stays open, and idle
};

struct HandshakeSettings {
  base::Endpoint server{};
  std::string name{};                   // SNI and Host; whoever answers to it is believed
  std::vector<std::uint16_t> groups{};  // of the key agreement; empty: the library's
  Purpose purpose = Purpose::kRequest;
  bool resume = false;  // all but the first, which always makes a request, for the ticket comes with an answer
  std::size_t concurrency = 16;
  std::size_t count_max = std::numeric_limits<std::size_t>::max();
};

// New TLS connections, so many at a time.
class Handshakes final : public Load, private loop::TurnEnd {
 public:
  // `loop` and `clock` outlive it.
  static base::Result<std::unique_ptr<Handshakes>> create(const HandshakeSettings& settings, loop::Loop& loop,
                                                          const base::Clock& clock);
  Handshakes(const HandshakeSettings& settings, loop::Loop& loop, const base::Clock& clock,
             std::shared_ptr<const tls::ClientContext> context);
  ~Handshakes() override;

  void begin() override { loop_.schedule(*this); }

  // As many as there are to be have come to their end, or are held.
  bool over() const { return tally_.done + tally_.failed >= settings_.count_max; }

 private:
  class Connection;

  void on_turn_end() override;
  bool open_one();
  void held(Connection& connection);
  void ended(Connection& connection);

  // One for all connections, which take turns.
  struct Buffers {
    std::array<std::byte, 64 * 1024> received;
    std::array<std::byte, 16 * 1024> plain;
  };

  const HandshakeSettings settings_;
  loop::Loop& loop_;
  const base::Clock& clock_;
  std::shared_ptr<const tls::ClientContext> context_;
  std::unique_ptr<Buffers> buffers_ = std::make_unique_for_overwrite<Buffers>();
  std::optional<tls::Session> session_;
  std::unordered_map<const Connection*, std::unique_ptr<Connection>> under_way_;
  std::vector<std::unique_ptr<Connection>> held_;
  std::size_t begun_ = 0;
};

}  // namespace gate::load
