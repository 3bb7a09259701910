#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/check.h"
#include "os/codes.h"
#include "os/errno.h"
#include "os/system_address.h"
#include "os/udp.h"
#include "os/udp_control.h"

namespace gate::os {
namespace {

// What the kernel takes in one call with UDP_SEGMENT: UDP_MAX_SEGMENTS of linux/udp.h (128 since Linux 6.9), and what
// the length field of an IPv4 packet leaves behind the headers.
constexpr std::size_t kPortionDatagramsMax = 64;
constexpr std::size_t kPortionBytesMax = 65'507;

// How many trains are sent singly after one could not be cut by the system. Whether it can depends on the route, and
// the next peer may have another.
constexpr unsigned kSegmentationPause = 256;

// Room in the kernel for bursts; it gives less where net.core.rmem_max and wmem_max say so.
constexpr int kSocketBufferBytes = 4 << 20;

// Two addresses' worth of control messages; what the kernel may add some day must not push out what is asked for.
constexpr std::size_t kControlBytes = 256;

bool set_option(int socket, int level, int option, int value) {
  return setsockopt(socket, level, option, &value, sizeof value) == 0;
}

// PMTUDISC_PROBE and DONTFRAG: what does not fit the path is not fragmented but refused or lost, and the path MTU that
// routers tell by ICMP, which anybody can forge, is not believed. RFC 9000 14: "UDP datagrams MUST NOT be fragmented at
// the IP layer."
bool prepare_v4(int socket) {
  return set_option(socket, IPPROTO_IP, IP_PKTINFO, 1) && set_option(socket, IPPROTO_IP, IP_RECVTOS, 1) &&
         set_option(socket, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
}

bool prepare_v6(int socket) {
  return set_option(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
         set_option(socket, IPPROTO_IPV6, IPV6_RECVTCLASS, 1) &&
         set_option(socket, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE) &&
         set_option(socket, IPPROTO_IPV6, IPV6_DONTFRAG, 1);
}

// RFC 4291 2.5.6: fe80::/10.
bool is_link_local(const base::IpAddress& address) {
  const auto octets = address.octets();
  return octets[0] == 0xfe && (octets[1] & 0xc0) == 0x80;
}

struct IncomingMessage {
  SystemAddress peer;
  alignas(cmsghdr) std::array<std::byte, kControlBytes> control;
};

// Nothing for what is not whole or cannot be answered.
std::optional<DatagramTrain> train_of(const mmsghdr& message, const IncomingMessage& incoming, base::ByteView bytes,
                                      std::uint16_t port) {
  if ((message.msg_hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || bytes.empty()) return std::nullopt;
  const auto control = parse_datagram_control(std::span(incoming.control).first(message.msg_hdr.msg_controllen));
  const auto peer = from_system(incoming.peer);
  if (!control.local || peer.port == 0) return std::nullopt;
  DatagramTrain train{.path = {.local = {*control.local, port}, .peer = peer},
                      .ecn = control.ecn,
                      .bytes = bytes,
                      .datagram_bytes = control.datagram_bytes > 0 ? control.datagram_bytes : bytes.size()};
  if (is_link_local(peer.address)) train.path.interface = control.interface;
  return train;
}

SendResult send_failure(int number) {
  switch (number) {
    case EAGAIN: return {.state = SendState::kWouldBlock, .error = number};
    case EMSGSIZE: return {.state = SendState::kTooLong, .error = number};
    default: return {.state = SendState::kLost, .error = number};
  }
}

// EIO: the device cannot compute checksums, or the route is encrypted. EINVAL: the kernel does not know the option, or
// the datagrams are too long for the path, which sending them singly will tell.
bool refuses_segmentation(const SendResult& result) { return result.error == EIO || result.error == EINVAL; }

// A message to one path, without its bytes.
class Outgoing {
 public:
  explicit Outgoing(const DatagramTrain& train) : peer_(to_system(train.path.peer, train.path.interface)) {
    const auto& local = train.path.local.address;
    if (!local.is_unspecified()) control_.add_source(local, train.path.interface);
    if (train.ecn != 0) control_.add_ecn(local, train.ecn);
  }

  DatagramControlWriter& control() { return control_; }

  msghdr message(iovec& bytes) {
    msghdr message{};
    message.msg_name = peer_.get();
    message.msg_namelen = peer_.size;
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control_.bytes().data();
    message.msg_controllen = control_.bytes().size();
    return message;
  }

 private:
  SystemAddress peer_;
  DatagramControlWriter control_;
};

// The kernel only reads what it sends.
iovec as_iovec(base::ByteView bytes) { return {const_cast<std::byte*>(bytes.data()), bytes.size()}; }

SendResult send_as_one(int socket, const DatagramTrain& train) {
  Outgoing outgoing(train);
  if (train.bytes.size() > train.datagram_bytes) {
    outgoing.control().add_datagram_bytes(static_cast<std::uint16_t>(train.datagram_bytes));
  }
  iovec bytes = as_iovec(train.bytes);
  const msghdr message = outgoing.message(bytes);
  ssize_t count = 0;
  do {
    count = sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  return count < 0 ? send_failure(errno) : SendResult{.count = static_cast<std::size_t>(count)};
}

SendResult send_singly(int socket, const DatagramTrain& train) {
  Outgoing outgoing(train);
  std::array<iovec, kPortionDatagramsMax> bytes{};
  std::array<mmsghdr, kPortionDatagramsMax> messages{};
  unsigned count = 0;
  for (DatagramTrain rest = train; !rest.bytes.empty(); ++count) {
    bytes[count] = as_iovec(next_datagram(rest));
    messages[count].msg_hdr = outgoing.message(bytes[count]);
  }
  std::size_t sent = 0;
  while (sent < count) {
    const int some = sendmmsg(socket, messages.data() + sent, count - static_cast<unsigned>(sent), MSG_NOSIGNAL);
    if (some < 0 && errno == EINTR) continue;
    if (some < 0) {
      SendResult failure = send_failure(errno);
      failure.count = sent * train.datagram_bytes;
      return failure;
    }
    sent += static_cast<std::size_t>(some);
  }
  return {.count = train.bytes.size()};
}

}  // namespace

base::Result<UdpSocket> UdpSocket::create(Fd socket) {
  GATE_TRY_ASSIGN(const base::Endpoint local, local_endpoint(socket.number()));
  const bool prepared = local.address.is_v4() ? prepare_v4(socket.number()) : prepare_v6(socket.number());
  if (!prepared) {
    return base::fail(system_error(kCannotListen, "cannot prepare the UDP socket of " + local.to_string()));
  }
  // What makes it faster may be missing.
  set_option(socket.number(), IPPROTO_UDP, UDP_GRO, 1);
  set_option(socket.number(), SOL_SOCKET, SO_RCVBUF, kSocketBufferBytes);
  set_option(socket.number(), SOL_SOCKET, SO_SNDBUF, kSocketBufferBytes);
  return UdpSocket(std::move(socket), local);
}

IoResult UdpSocket::receive(std::span<std::byte, kReceiveBytes> memory, std::span<DatagramTrain, kTrainsMax> trains) {
  std::array<IncomingMessage, kTrainsMax> incoming;
  std::array<iovec, kTrainsMax> bytes{};
  std::array<mmsghdr, kTrainsMax> messages{};
  for (std::size_t i = 0; i < kTrainsMax; ++i) {
    bytes[i] = {memory.data() + i * kTrainBytes, kTrainBytes};
    auto& header = messages[i].msg_hdr;
    header.msg_name = incoming[i].peer.get();
    header.msg_namelen = incoming[i].peer.size;
    header.msg_iov = &bytes[i];
    header.msg_iovlen = 1;
    header.msg_control = incoming[i].control.data();
    header.msg_controllen = kControlBytes;
  }
  int received = 0;
  do {
    received = recvmmsg(socket_.number(), messages.data(), kTrainsMax, 0, nullptr);
  } while (received < 0 && errno == EINTR);
  if (received < 0) return {errno == EAGAIN ? IoState::kWouldBlock : IoState::kFailed, 0};
  IoResult result;
  for (std::size_t i = 0; i < static_cast<std::size_t>(received); ++i) {
    const base::ByteView whole =
        memory.subspan(i * kTrainBytes, std::min<std::size_t>(messages[i].msg_len, kTrainBytes));
    if (const auto train = train_of(messages[i], incoming[i], whole, local_.port)) trains[result.count++] = *train;
  }
  return result;
}

SendResult UdpSocket::send(const DatagramTrain& train) {
  GATE_CHECK(train.datagram_bytes > 0);
  SendResult result;
  for (DatagramTrain rest = train; !rest.bytes.empty() && result.state == SendState::kSent;) {
    const std::size_t datagrams =
        std::clamp<std::size_t>(kPortionBytesMax / train.datagram_bytes, 1, kPortionDatagramsMax);
    DatagramTrain portion = rest;
    portion.bytes = rest.bytes.first(std::min(datagrams * train.datagram_bytes, rest.bytes.size()));
    const SendResult sent = send_portion(portion);
    rest.bytes = rest.bytes.subspan(sent.count);
    result = {sent.state, result.count + sent.count, sent.error};
  }
  return result;
}

SendResult UdpSocket::send_portion(const DatagramTrain& train) {
  const bool several = train.bytes.size() > train.datagram_bytes;
  if (several && segmentation_pause_ > 0) {
    --segmentation_pause_;
    return send_singly(socket_.number(), train);
  }
  const SendResult result = send_as_one(socket_.number(), train);
  if (!several || !refuses_segmentation(result)) return result;
  const SendResult singly = send_singly(socket_.number(), train);
  if (singly.state == SendState::kSent) segmentation_pause_ = kSegmentationPause;
  return singly;
}

std::uint64_t UdpSocket::dropped() const {
  std::array<std::uint32_t, SK_MEMINFO_VARS> facts{};
  socklen_t size = sizeof facts;
  getsockopt(socket_.number(), SOL_SOCKET, SO_MEMINFO, facts.data(), &size);
  return facts[SK_MEMINFO_DROPS];
}

}  // namespace gate::os
