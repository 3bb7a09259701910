// Load over HTTP/3: N requests for one path, over C connections with S requests at a time each.
//
//   h3load ADDRESS:PORT NAME PATH REQUESTS CONNECTIONS STREAMS
//
// Prints a line of JSON. One thread, one UDP socket a connection; checks each status and that every response ends.

#include <fmt/format.h>
#include <poll.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "client.h"
#include "os/socket.h"
#include "os/udp.h"
#include "quic/connection.h"

namespace gate::bench {
namespace {

// A connection with its socket.
class Line {
 public:
  Line(const Target& target, Tally& tally, const base::Clock& clock)
      : clock_(clock),
        target_(target),
        tally_(tally),
        socket_(*os::UdpSocket::create(*os::bind_udp({*base::IpAddress::parse("127.0.0.1"), 0}))) {
    connect();
  }

  int descriptor() const { return socket_.descriptor(); }
  base::Instant deadline() const { return client_->connection().deadline(); }

  void receive() {
    std::array<os::DatagramTrain, os::UdpSocket::kTrainsMax> trains;
    for (;;) {
      const auto result = socket_.receive(std::span<std::byte, os::UdpSocket::kReceiveBytes>(*memory()), trains);
      if (result.state != os::IoState::kDone || result.count == 0) return;
      for (auto train : std::span(trains).first(result.count)) {
        while (!train.bytes.empty()) {
          client_->connection().receive(train.path, train.ecn, os::next_datagram(train), clock_.now());
        }
      }
    }
  }

  void turn() {
    if (client_->exhausted() && !tally_.complete()) connect();
    const base::Instant now = clock_.now();
    if (deadline() <= now) client_->connection().on_deadline(now);
    while (const auto train = client_->connection().produce(*room(), now)) {
      socket_.send({.path = train->path,
                    .ecn = train->ecn,
                    .bytes = std::span(*room()).first(train->bytes),
                    .datagram_bytes = train->segment});
    }
  }

 private:
  // Shared by all lines, which take turns.
  static std::array<std::byte, os::UdpSocket::kReceiveBytes>* memory() {
    static const auto shared = std::make_unique<std::array<std::byte, os::UdpSocket::kReceiveBytes>>();
    return shared.get();
  }
  static std::array<std::byte, 65536>* room() {
    static const auto shared = std::make_unique<std::array<std::byte, 65536>>();
    return shared.get();
  }

  void connect() {
    client_ = std::make_unique<Client>(target_, quic::Path{.local = socket_.local(), .peer = target_.address}, tally_,
                                       clock_);
  }

  const base::Clock& clock_;
  const Target& target_;
  Tally& tally_;
  os::UdpSocket socket_;
  std::unique_ptr<Client> client_;
};

int run(const Target& target, Tally& tally, std::size_t connections) {
  const base::SystemClock clock;
  std::vector<std::unique_ptr<Line>> lines;
  std::vector<pollfd> polled;
  for (std::size_t i = 0; i < connections; ++i) {
    lines.push_back(std::make_unique<Line>(target, tally, clock));
    polled.push_back({.fd = lines.back()->descriptor(), .events = POLLIN, .revents = 0});
  }
  const base::Instant give_up = clock.now() + std::chrono::minutes(2);
  while (!tally.complete() && clock.now() < give_up) {
    base::Instant next = give_up;
    for (const auto& line : lines) {
      line->turn();
      next = std::min(next, line->deadline());
    }
    if (tally.complete()) break;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - clock.now()).count();
    poll(polled.data(), polled.size(), static_cast<int>(std::clamp<long>(wait, 0, 1000)));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (polled[i].revents != 0) lines[i]->receive();
    }
  }
  fmt::print("{{\"requests\":{},\"failed\":{},\"bytes\":{},\"connections\":{}}}\n", tally.succeeded, tally.failed,
             tally.bytes, tally.handshakes);
  return tally.complete() && tally.failed == 0 ? 0 : 1;
}

int main_of(const std::vector<std::string>& arguments) {
  if (arguments.size() != 7) {
    fmt::print(stderr, "usage: h3load ADDRESS:PORT NAME PATH REQUESTS CONNECTIONS STREAMS\n");
    return 2;
  }
  const auto address = base::Endpoint::parse(arguments[1]);
  const auto requests = base::parse_number<std::uint64_t>(arguments[4]);
  const auto connections = base::parse_number<std::size_t>(arguments[5]);
  const auto streams = base::parse_number<std::uint32_t>(arguments[6]);
  if (!address || !requests || !connections || *connections == 0 || !streams || *streams == 0) {
    fmt::print(stderr, "h3load: an argument is not what it should be\n");
    return 2;
  }
  Target target{.address = *address, .name = arguments[2], .path = arguments[3], .streams = *streams};
  target.authority = fmt::format("{}:{}", target.name, address->port);
  Tally tally{.wanted = *requests};
  return run(target, tally, *connections);
}

}  // namespace
}  // namespace gate::bench

int main(int count, char** values) { return gate::bench::main_of(std::vector<std::string>(values, values + count)); }
