#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/ip.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/system_address.h"

namespace gate::os {

// A network of the calling thread's own, as long as this lives: one Ethernet device with the address 198.51.100.1/24,
// and nobody else on it. What is sent there waits for an answer to the question who has the address.
class IsolatedNetwork {
 public:
  // Nothing where this process has not the right.
  static std::unique_ptr<IsolatedNetwork> create() {
    Fd before(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    if (!before.valid() || unshare(CLONE_NEWNET) != 0) return nullptr;
    auto network = std::make_unique<IsolatedNetwork>(std::move(before));
    return network->add_device() ? std::move(network) : nullptr;
  }

  explicit IsolatedNetwork(Fd before) : before_(std::move(before)) {}
  IsolatedNetwork(const IsolatedNetwork&) = delete;
  IsolatedNetwork& operator=(const IsolatedNetwork&) = delete;
  ~IsolatedNetwork() { setns(before_.number(), CLONE_NEWNET); }

  static base::Endpoint ours(std::uint16_t port) { return {*base::IpAddress::parse("198.51.100.1"), port}; }
  static base::Endpoint nobody(std::uint16_t port) { return {*base::IpAddress::parse("198.51.100.2"), port}; }

  // The device's own address fe80::…, once the kernel has made it usable; nothing where it gives none.
  struct LinkLocal {
    base::IpAddress address;
    std::uint32_t interface = 0;
  };
  std::optional<LinkLocal> link_local() const {
    while (true) {
      const auto found = find_link_local();
      if (!found || !found->tentative) return found ? std::optional(found->usable) : std::nullopt;
      pollfd news{address_news_.number(), POLLIN, 0};
      if (poll(&news, 1, 10'000) <= 0) return std::nullopt;
      std::array<char, 4096> passed_over;
      if (recv(address_news_.number(), passed_over.data(), passed_over.size(), 0) < 0) return std::nullopt;
    }
  }

  bool set_mtu(int bytes) {
    ifreq request = request_for(kDevice);
    request.ifr_mtu = bytes;
    return ioctl(control_.number(), SIOCSIFMTU, &request) == 0;
  }

  // What waits in the device is thrown away.
  bool switch_off() { return set_flags(kDevice, 0); }
  bool switch_on() { return set_flags(kDevice, IFF_UP); }

 private:
  static constexpr std::string_view kDevice = "gate0";

  // "Tentative" as RFC 4862, section 2 has it: not yet to be used. Even without the search for duplicates the kernel
  // leaves that state in a moment of its own choice.
  struct DeviceAddress {
    LinkLocal usable;
    bool tentative = false;
  };
  static std::optional<DeviceAddress> find_link_local() {
    std::ifstream addresses("/proc/thread-self/net/if_inet6");
    std::string digits;
    std::string name;
    std::uint32_t interface = 0;
    std::uint32_t prefix = 0;
    std::uint32_t scope = 0;
    std::uint32_t flags = 0;
    while (addresses >> digits >> std::hex >> interface >> prefix >> scope >> flags >> name) {
      if (name != kDevice || digits.size() != 32) continue;
      for (std::size_t colon = 4; colon < digits.size(); colon += 5) digits.insert(colon, 1, ':');
      return DeviceAddress{{*base::IpAddress::parse(digits), interface}, (flags & IFA_F_TENTATIVE) != 0};
    }
    return std::nullopt;
  }

  bool hear_of_addresses() {
    address_news_ = Fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    sockaddr_nl groups{};
    groups.nl_family = AF_NETLINK;
    groups.nl_groups = RTMGRP_IPV6_IFADDR;
    return bind(address_news_.number(), reinterpret_cast<const sockaddr*>(&groups), sizeof groups) == 0;
  }

  static ifreq request_for(std::string_view device) {
    ifreq request{};
    base::copy_bytes(std::as_writable_bytes(std::span(request.ifr_name)), base::as_bytes(device));
    return request;
  }

  bool add_device() {
    device_ = Fd(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    control_ = Fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    // Nobody else can have our link-local address: it is good at once.
    const Fd detection(open("/proc/sys/net/ipv6/conf/default/accept_dad", O_WRONLY | O_CLOEXEC));
    if (detection.valid() && write(detection.number(), "0", 1) != 1) return false;
    ifreq device = request_for(kDevice);
    device.ifr_flags = IFF_TAP | IFF_NO_PI;
    return device_.valid() && hear_of_addresses() && ioctl(device_.number(), TUNSETIFF, &device) == 0 &&
           set_address(SIOCSIFADDR, ours(0)) &&
           set_address(SIOCSIFNETMASK, *base::Endpoint::parse("255.255.255.0:0")) && set_flags("lo", IFF_UP) &&
           switch_on();
  }

  bool set_address(unsigned long which, const base::Endpoint& value) {
    ifreq request = request_for(kDevice);
    request.ifr_addr = *to_system(value).get();
    return ioctl(control_.number(), which, &request) == 0;
  }

  bool set_flags(std::string_view device, int flags) {
    ifreq request = request_for(device);
    request.ifr_flags = static_cast<short>(flags);
    return ioctl(control_.number(), SIOCSIFFLAGS, &request) == 0;
  }

  Fd before_;
  Fd device_;
  Fd control_;
  Fd address_news_;
};

}  // namespace gate::os
