#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "base/text.h"
#include "os/codes.h"
#include "os/errno.h"
#include "os/file.h"
#include "os/privileges.h"

namespace gate::os {
namespace {

constexpr std::uint32_t kBindBit = std::uint32_t{1} << CAP_NET_BIND_SERVICE;

using Capabilities = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

bool load(Capabilities& capabilities) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  return ::syscall(SYS_capget, &header, capabilities.data()) == 0;
}

bool store(const Capabilities& capabilities) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  return ::syscall(SYS_capset, &header, capabilities.data()) == 0;
}

bool has_bind_capability() {
  Capabilities capabilities{};
  return load(capabilities) && (capabilities[0].effective & kBindBit) != 0;
}

std::uint32_t first_unprivileged_port() {
  constexpr std::uint32_t kUsual = 1024;
  const auto text = read_file("/proc/sys/net/ipv4/ip_unprivileged_port_start", 64);
  if (!text) return kUsual;
  return base::parse_number<std::uint32_t>(std::string_view(*text).substr(0, text->find('\n'))).value_or(kUsual);
}

base::Error cannot_become(const User& user, std::string_view step, int number = errno) {
  base::Error error =
      system_error(kCannotDropPrivileges, fmt::format("cannot become the user {}: {}", user.name, step), number);
  if (!is_root()) error.fix = "start it as root, or leave the user statement out";
  return error;
}

// The bounding set limits what any later exec can give.
bool empty_bounding_set(bool keep_low_ports) {
  for (unsigned long capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    if (keep_low_ports && capability == CAP_NET_BIND_SERVICE) continue;
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return false;
  }
  return true;
}

bool reduce_capabilities(bool keep_low_ports) {
  const std::uint32_t kept = keep_low_ports ? kBindBit : 0;
  Capabilities capabilities{};
  capabilities[0] = {.effective = kept, .permitted = kept, .inheritable = kept};
  if (!store(capabilities)) return false;
  return !keep_low_ports || ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) == 0;
}

}  // namespace

bool is_root() { return ::geteuid() == 0; }

bool may_bind_port(std::uint16_t port) {
  return port == 0 || port >= first_unprivileged_port() || has_bind_capability();
}

base::Error low_port_refused(std::uint16_t port) {
  return {.code = kLowPortRefused,
          .side = base::Side::kSystem,
          .what = fmt::format("cannot listen on port {}: this user may not", port),
          .why = fmt::format("ports below {} are for root and for programs with the right CAP_NET_BIND_SERVICE",
                             first_unprivileged_port()),
          .fix =
              "give it the right (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE; by hand: "
              "setcap cap_net_bind_service=+ep on the program), or take a higher port, such as 8443"};
}

base::Result<void> become_user(const User& user, bool keep_low_ports) {
  if (user.id == 0) {
    return base::fail({.code = kCannotDropPrivileges,
                       .side = base::Side::kConfiguration,
                       .what = "the user to become is root itself",
                       .why = "a server that stays root gives everything away with its first bug",
                       .fix = "name an account without rights"});
  }
  if (!empty_bounding_set(keep_low_ports)) return base::fail(cannot_become(user, "its bounding set"));
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return base::fail(cannot_become(user, "keeping capabilities"));
  if (::setgroups(user.groups.size(), user.groups.data()) != 0) return base::fail(cannot_become(user, "its groups"));
  if (::setresgid(user.group, user.group, user.group) != 0) return base::fail(cannot_become(user, "its group"));
  if (::setresuid(user.id, user.id, user.id) != 0) return base::fail(cannot_become(user, "its number"));
  if (!reduce_capabilities(keep_low_ports)) return base::fail(cannot_become(user, "its capabilities"));
  // A drop that can be taken back is none.
  if (::setresuid(0, 0, 0) == 0) return base::fail(cannot_become(user, "root could be regained", EPERM));
  return forbid_new_privileges();
}

base::Result<void> forbid_new_privileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) return {};
  return base::fail(system_error(kCannotDropPrivileges, "cannot forbid new privileges"));
}

}  // namespace gate::os
