#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/ip.h"
#include "base/result.h"
#include "os/fd.h"
#include "os/transport.h"

namespace gate::os {

// A listening TCP socket that does not block and is not inherited, one of several on its address (SO_REUSEPORT), so
// that each worker has its own accept queue. IPv6 addresses take IPv6 only. Port 0 takes a free port. Fails with
// kPortInUse or kLowPortRefused where that is the reason.
base::Result<Fd> listen_tcp(const base::Endpoint& address);

// A UDP socket, one of several on its address, as listen_tcp's are: its datagrams are spread over all of them. What
// datagrams need beyond that is set by UdpSocket::create.
base::Result<Fd> bind_udp(const base::Endpoint& address);

// Fails with kPortInUse when anybody listens on `address`, even one who would share it, and with kLowPortRefused when
// this process may not.
base::Result<void> check_port_free(const base::Endpoint& address, Transport transport);

// The address a socket is bound to.
base::Result<base::Endpoint> local_endpoint(int socket);

// A connection taken from a listener.
struct Accepted {
  Fd socket;  // does not block; small writes are sent at once (TCP_NODELAY)
  base::Endpoint peer;
};

// Why accept gave no connection.
enum class AcceptState : std::uint8_t {
  kAccepted,
  kEmpty,          // nobody waits
  kNoDescriptors,  // the process or the system has none left; the waiting stay queued
  kPeerGone,       // one gave up meanwhile: try again
};
AcceptState accept_tcp(int listener, Accepted& accepted);

// A socket that is on its way to `address`: writable once it is there or has failed, which connect_outcome tells. It
// does not block, sends small writes at once, and finds out about a peer that vanished (SO_KEEPALIVE). Fails with the
// system's number.
std::expected<Fd, int> start_connecting(const base::Endpoint& address);

// The same to the Unix socket `path`.
std::expected<Fd, int> start_connecting(const std::string& path);

// A UDP socket that takes datagrams from `peer` alone, at a port of the system's choice, and sends there. It does not
// block. What the peer's system refuses is a failure of the next receive(). Fails with the system's number.
std::expected<Fd, int> connect_udp(const base::Endpoint& peer);

// What became of a socket that was on its way: 0 when it is connected, else the system's number.
int connect_outcome(int socket);

// Whether the peer has closed or sent what nobody asked for, though nothing was read yet. Reads nothing.
bool has_input_or_ended(int socket);

// Whether the peer has closed, whatever it sent before. Reads nothing.
bool has_ended(int socket);

// What a send or receive came to.
enum class IoState : std::uint8_t { kDone, kWouldBlock, kClosed, kFailed };
struct IoResult {
  IoState state = IoState::kDone;
  std::size_t count = 0;
};

// kClosed: the peer will send no more.
IoResult receive(int socket, std::span<std::byte> into);
IoResult send(int socket, base::ByteView bytes);

// The same as receive(), but what is there stays there.
IoResult peek(int socket, std::span<std::byte> into);

// Says that nothing more will be sent; the peer's bytes can still be received.
void shut_down_sending(int socket);

}  // namespace gate::os
