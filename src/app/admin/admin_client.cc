#include "app/admin/admin_client.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <optional>
#include <utility>

#include "app/admin/admin_listener.h"
#include "app/admin/admin_message.h"
#include "app/admin/codes.h"
#include "base/text.h"
#include "os/errno.h"
#include "os/socket.h"
#include "os/user.h"

namespace gate::app {
namespace {

base::Error no_server(const std::string& path, int number) {
  return {.code = kNoServer,
          .side = base::Side::kSystem,
          .retry = base::Retry::kLater,
          .what = fmt::format("no Gate443 is running that answers at {}", path),
          .why = number == ECONNREFUSED ? "a server that ended without cleaning up has left the socket behind"
                                        : "there is no such socket",
          .fix = "start it (gate443 run FILE), or name the folder of the running one: --state DIR"};
}

base::Error denied(const std::string& path) {
  struct stat status{};
  const bool known = ::stat(path.c_str(), &status) == 0;
  return {
      .code = kAdminDenied,
      .side = base::Side::kSystem,
      .what = "this user may not talk to the running server",
      .why = known ? fmt::format("its socket {} is for user {} and its group alone", path, os::user_name(status.st_uid))
                   : fmt::format("the folder of its socket {} is closed to this user", path),
      .fix = "ask as that user or as root (sudo), or join the group"};
}

base::Error connect_error(const std::string& path) {
  const int number = errno;
  switch (number) {
    case ENOENT:
    case ECONNREFUSED:
    case ENOTDIR: return no_server(path, number);
    case EACCES:
    case EPERM: return denied(path);
    default: return os::system_error(kNoServer, fmt::format("cannot ask the server at {}", path), number);
  }
}

base::Error silent(std::string why) {
  return {.code = kAdminSilent,
          .side = base::Side::kSystem,
          .retry = base::Retry::kLater,
          .what = "the server gave no complete answer",
          .why = std::move(why),
          .fix = "look at its log; gate443 status shows whether it lives"};
}

bool send_all(int fd, base::ByteView bytes) {
  while (!bytes.empty()) {
    const os::IoResult result = os::send(fd, bytes);
    if (result.state != os::IoState::kDone) return false;
    bytes = bytes.subspan(result.count);
  }
  return true;
}

// The next line, without its newline, out of what was received and what comes within `patience`.
base::Result<std::string> next_line(int fd, std::string& received, base::Duration patience) {
  std::array<std::byte, 16 * 1024> block;
  std::size_t searched = 0;
  while (true) {
    if (const auto end = received.find('\n', searched); end != std::string::npos) {
      std::string line = received.substr(0, end);
      received.erase(0, end + 1);
      return line;
    }
    searched = received.size();
    if (received.size() > kAdminAnswerBytesMax) return base::fail(silent("its answer does not end"));
    pollfd wait{fd, POLLIN, 0};
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
    const int ready = ::poll(&wait, 1, static_cast<int>(std::clamp<std::int64_t>(milliseconds, 0, INT_MAX)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return base::fail(silent(fmt::format("nothing came for {} ms", milliseconds)));
    const os::IoResult result = os::receive(fd, block);
    if (result.state != os::IoState::kDone) return base::fail(silent("it closed the connection"));
    received += base::as_text(std::span(block).first(result.count));
  }
}

// The outcome in a line; nothing when it is a line of progress.
std::optional<base::Result<nlohmann::json>> outcome_of(const std::string& line,
                                                       const std::function<void(std::string_view)>& progress) {
  auto answer = parse_object(line);
  if (!answer) return base::fail(silent("it does not speak this language"));
  if (const auto text = answer->find("progress"); text != answer->end() && text->is_string()) {
    if (progress) progress(text->get_ref<const std::string&>());
    return std::nullopt;
  }
  if (const auto error = answer->find("error"); error != answer->end()) return base::fail(error_from_json(*error));
  return answer->value("result", nlohmann::json());
}

}  // namespace

base::Result<nlohmann::json> call_admin(const std::string& path, const nlohmann::json& request,
                                        const std::function<void(std::string_view)>& progress,
                                        base::Duration patience) {
  const os::Fd fd = connect_unix(path);
  if (!fd.valid()) return base::fail(connect_error(path));
  const std::string line = request.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  if (!send_all(fd.number(), base::as_bytes(line))) return base::fail(silent("it closed the connection"));
  std::string received;
  while (true) {
    GATE_TRY_ASSIGN(const std::string answer, next_line(fd.number(), received, patience));
    if (auto outcome = outcome_of(answer, progress)) return *std::move(outcome);
  }
}

}  // namespace gate::app
