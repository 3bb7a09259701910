#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
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

  // The device's own address fe80::…, which the kernel gives it; nothing where it does not.
  struct LinkLocal {
    base::IpAddress address;
    std::uint32_t interface = 0;
  };
  std::optional<LinkLocal> link_local() const {
    ifaddrs* all = nullptr;
    if (getifaddrs(&all) != 0) return std::nullopt;
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(all, freeifaddrs);
    for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
      const bool of_device = each->ifa_name == kDevice && each->ifa_addr != nullptr;
      if (!of_device || each->ifa_addr->sa_family != AF_INET6) continue;
      SystemAddress address;
      base::copy_bytes(std::as_writable_bytes(std::span(&address.storage, 1)),
                       {reinterpret_cast<const std::byte*>(each->ifa_addr), sizeof(sockaddr_in6)});
      return LinkLocal{from_system(address).address, if_nametoindex(each->ifa_name)};
    }
    return std::nullopt;
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
    return device_.valid() && ioctl(device_.number(), TUNSETIFF, &device) == 0 && set_address(SIOCSIFADDR, ours(0)) &&
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
};

}  // namespace gate::os
