// The floor of this machine: answers each 100 bytes with 200, by one recv and one send on a level-triggered epoll loop.
//   echo_server PORT

#include <sys/epoll.h>

#include <array>
#include <cstdlib>
#include <string_view>

#include "base/ip.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/socket.h"

namespace {

using namespace gate;

void echo(int connection) {
  static std::array<std::byte, 64 * 1024> bytes;
  constexpr std::size_t kAnswerBytes = 200;
  const auto received = os::receive(connection, bytes);
  if (received.state == os::IoState::kDone) {
    os::send(connection, std::span(bytes).first(kAnswerBytes));
  } else if (received.state != os::IoState::kWouldBlock) {
    const os::Fd closed(connection);
  }
}

bool watch(int queue, int descriptor) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = descriptor;
  return epoll_ctl(queue, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = argc > 1 ? base::parse_number<std::uint16_t>(argv[1]) : std::nullopt;
  auto listener = os::listen_tcp({base::IpAddress::v4({127, 0, 0, 1}), port.value_or(0)});
  const os::Fd queue(epoll_create1(0));
  if (!port || !listener || !watch(queue.number(), listener->number())) return 3;
  for (;;) {
    std::array<epoll_event, 256> events;
    const int count = epoll_wait(queue.number(), events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int ready = events[static_cast<std::size_t>(i)].data.fd;
      if (ready != listener->number()) {
        echo(ready);
        continue;
      }
      os::Accepted accepted;
      if (os::accept_tcp(listener->number(), accepted) == os::AcceptState::kAccepted) {
        watch(queue.number(), accepted.socket.release());
      }
    }
  }
}
