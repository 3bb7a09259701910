// The request target and the authority: what is accepted has one reading, and none of it leads above the root.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "base/check.h"
#include "base/text.h"
#include "http/request_rules.h"

namespace {

using namespace gate;

bool has_dot_segment(std::string_view path) {
  std::string_view rest = path.substr(1);
  for (;;) {
    const auto slash = rest.find('/');
    const auto segment = rest.substr(0, slash);
    if (segment == "." || segment == "..") return true;
    if (slash == std::string_view::npos) return false;
    rest.remove_prefix(slash + 1);
  }
}

void check_target(std::string_view text, http::Method method) {
  base::BlockPool blocks;
  base::Arena arena(blocks);
  http::Request request(arena);
  request.method = method;
  if (http::set_target(request, text, arena)) return;
  GATE_CHECK(!text.contains('#') && !text.contains('\0'));
  if (request.path == "*") return GATE_CHECK(method == http::Method::kOptions && request.target == "*");
  GATE_CHECK(request.path.starts_with('/') && request.raw_path.starts_with('/'));
  GATE_CHECK(request.path.size() <= request.raw_path.size());
  GATE_CHECK(!request.path.contains('\0') && !has_dot_segment(request.path));
  GATE_CHECK(request.target.size() == request.raw_path.size() + (request.has_query ? 1 + request.query.size() : 0));

  // The target, as it would be sent on, is read the same.
  http::Request again(arena);
  GATE_CHECK(!http::set_target(again, request.target, arena));
  GATE_CHECK(again.path == request.path && again.query == request.query && again.target == request.target);
}

void check_authority(std::string_view text) {
  base::BlockPool blocks;
  base::Arena arena(blocks);
  http::Request request(arena);
  if (http::set_authority(request, text, arena)) return;
  GATE_CHECK(request.authority == text && !request.host.empty());
  GATE_CHECK(base::lowered(request.host) == request.host);
  for (const char c : request.host) GATE_CHECK(c > ' ' && c < '\x7f' && c != '/' && c != '@' && c != '\\');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_target(text, http::Method::kGet);
  check_target(text, http::Method::kOptions);
  check_authority(text);
  return 0;
}
