#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "os/codes.h"
#include "os/file.h"
#include "os/port_owner.h"
#include "os/user.h"

namespace gate::os {
namespace {

constexpr std::size_t kSocketTableBytesMax = std::size_t{64} << 20;  // a machine with some 400 000 sockets
constexpr std::size_t kSmallFileBytesMax = 64 * 1024;

struct SocketRow {
  std::uint64_t inode = 0;
  uid_t user = 0;
  base::Endpoint address;
};

std::string_view next_word(std::string_view& rest) {
  const auto begin = rest.find_first_not_of(' ');
  if (begin == std::string_view::npos) return rest = {};
  rest.remove_prefix(begin);
  return base::split_off(rest, ' ');
}

// The kernel prints an address as 32-bit words of the machine's byte order (net/ipv4/tcp_ipv4.c, get_openreq4).
std::optional<base::IpAddress> parse_kernel_address(std::string_view hex) {
  if (hex.size() != 8 && hex.size() != 32) return std::nullopt;
  std::array<std::uint8_t, 16> octets{};
  for (std::size_t word = 0; word < hex.size() / 8; ++word) {
    const auto value = base::parse_number<std::uint32_t>(hex.substr(word * 8, 8), 16);
    if (!value) return std::nullopt;
    const auto bytes = std::as_bytes(std::span(&*value, 1));
    for (std::size_t i = 0; i < 4; ++i) octets[word * 4 + i] = std::to_integer<std::uint8_t>(bytes[i]);
  }
  if (hex.size() == 8) return base::IpAddress::v4({octets[0], octets[1], octets[2], octets[3]});
  return base::IpAddress::v6(octets);
}

// A line of /proc/net/{tcp,udp}{,6}: slot, local address:port, remote, state, queues, timer, retransmits, uid, timeout,
// inode. Nothing for sockets that are neither listening (TCP, 0A) nor unconnected (UDP, 07).
std::optional<SocketRow> parse_row(std::string_view line, Transport transport) {
  next_word(line);
  std::string_view local = next_word(line);
  next_word(line);
  if (next_word(line) != (transport == Transport::kTcp ? "0A" : "07")) return std::nullopt;
  for (int skipped = 0; skipped < 3; ++skipped) next_word(line);
  const auto user = base::parse_number<uid_t>(next_word(line));
  next_word(line);
  const auto inode = base::parse_number<std::uint64_t>(next_word(line));
  const auto address = parse_kernel_address(base::split_off(local, ':'));
  const auto port = base::parse_number<std::uint16_t>(local, 16);
  if (!user || !inode || !address || !port) return std::nullopt;
  return SocketRow{.inode = *inode, .user = *user, .address = {*address, *port}};
}

// All addresses of one family overlap every address of it; IPv6's also IPv4's, for sockets that take both.
bool overlaps(const base::IpAddress& a, const base::IpAddress& b) {
  if (a == b) return true;
  const auto covers = [](const base::IpAddress& wide, const base::IpAddress& narrow) {
    return wide.is_unspecified() && (!wide.is_v4() || narrow.is_v4());
  };
  return covers(a, b) || covers(b, a);
}

void append_rows(const std::string& table, const base::Endpoint& wanted, Transport transport,
                 std::vector<SocketRow>& rows) {
  const auto text = read_file(table, kSocketTableBytesMax);
  if (!text) return;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const auto row = parse_row(base::split_off(rest, '\n'), transport);
    if (row && row->address.port == wanted.port && overlaps(row->address.address, wanted.address)) rows.push_back(*row);
  }
}

// "socket:[12345]" → 12345.
std::optional<std::uint64_t> socket_inode(const std::string& link) {
  std::array<char, 64> target{};
  const ssize_t count = ::readlink(link.c_str(), target.data(), target.size());
  if (count <= 0) return std::nullopt;
  std::string_view text(target.data(), static_cast<std::size_t>(count));
  constexpr std::string_view kPrefix = "socket:[";
  if (!text.starts_with(kPrefix) || !text.ends_with(']')) return std::nullopt;
  return base::parse_number<std::uint64_t>(text.substr(kPrefix.size(), text.size() - kPrefix.size() - 1));
}

const SocketRow* first_socket_of(const std::string& process, const std::vector<SocketRow>& rows) {
  std::error_code error;
  for (std::filesystem::directory_iterator it(process + "/fd", error), end; !error && it != end; it.increment(error)) {
    const auto inode = socket_inode(it->path());
    if (!inode) continue;
    const auto row = std::ranges::find(rows, *inode, &SocketRow::inode);
    if (row != rows.end()) return &*row;
  }
  return nullptr;
}

std::string program_of(const std::string& process) {
  const auto name = read_file(process + "/comm", kSmallFileBytesMax);
  return name ? name->substr(0, name->find('\n')) : std::string();
}

// The last service in the path of the process's control group: "0::/system.slice/nginx.service".
std::string unit_of(const std::string& process) {
  const auto text = read_file(process + "/cgroup", kSmallFileBytesMax);
  if (!text) return {};
  std::string unit;
  std::string_view rest = std::string_view(*text).substr(0, text->find('\n'));
  while (!rest.empty()) {
    const auto part = base::split_off(rest, '/');
    if (part.ends_with(".service")) unit = part;
  }
  return unit;
}

}  // namespace

std::vector<PortOwner> find_port_owners(const base::Endpoint& endpoint, Transport transport, const std::string& proc) {
  std::vector<SocketRow> rows;
  for (const std::string_view family : {"", "6"}) {
    append_rows(fmt::format("{}/net/{}{}", proc, to_string(transport), family), endpoint, transport, rows);
  }
  std::vector<PortOwner> owners;
  if (rows.empty()) return owners;
  std::error_code error;
  for (std::filesystem::directory_iterator it(proc, error), end; !error && it != end; it.increment(error)) {
    const auto pid = base::parse_number<pid_t>(it->path().filename().native());
    if (!pid) continue;
    const std::string process = it->path();
    if (const SocketRow* row = first_socket_of(process, rows)) {
      owners.push_back({.pid = *pid,
                        .program = program_of(process),
                        .unit = unit_of(process),
                        .user = row->user,
                        .address = row->address});
    }
  }
  if (owners.empty()) {
    owners.push_back({.program = {}, .unit = {}, .user = rows.front().user, .address = rows.front().address});
  }
  std::ranges::sort(owners, {}, &PortOwner::pid);
  return owners;
}

std::string describe(const PortOwner& owner) {
  if (owner.pid == 0) return fmt::format("a process of user {}", user_name(owner.user));
  const std::string program = owner.program.empty() ? "a process" : owner.program;
  if (owner.unit.empty()) return fmt::format("{} (pid {})", program, owner.pid);
  return fmt::format("{} (pid {}, {})", program, owner.pid, owner.unit);
}

base::Error port_in_use(const base::Endpoint& endpoint, Transport transport, const std::vector<PortOwner>& owners) {
  base::Error error{
      .code = kPortInUse,
      .side = base::Side::kSystem,
      .retry = base::Retry::kLater,
      .what = fmt::format("cannot listen on {}/{}: another process owns it", endpoint.port, to_string(transport)),
      .why = "two programs cannot accept on the same address",
      .fix = fmt::format("find it with: ss -lpn 'sport = :{}'", endpoint.port)};
  if (owners.empty()) return error;
  // Workers of one server follow their master, which has the lowest number.
  const PortOwner& owner = owners.front();
  error.what = fmt::format("cannot listen on {}/{}: {} owns it", endpoint.port, to_string(transport), describe(owner));
  if (!owner.unit.empty()) {
    error.fix = fmt::format("systemctl disable --now {}", owner.unit);
  } else if (owner.pid > 1) {
    error.fix = fmt::format("stop it (kill {}), or listen on another port", owner.pid);
  } else if (owner.pid == 0) {
    error.fix = fmt::format("see who it is as root: ss -lpn 'sport = :{}'", endpoint.port);
  }
  return error;
}

}  // namespace gate::os
