#include "app/admin/admin_http.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ip.h"
#include "base/text.h"

namespace gate::app {
namespace {

std::string response(std::string_view status, std::string_view content_type, std::string_view body, bool with_body) {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nX-Content-Type-Options: nosniff\r\n"
      "Cache-Control: no-store\r\nConnection: close\r\n\r\n{}",
      status, content_type, body.size(), with_body ? body : std::string_view());
}

std::string refusal(std::string_view status, bool with_body) {
  return response(status, "text/plain; charset=utf-8", fmt::format("{}\n", status), with_body);
}

std::string_view next_line(std::string_view& rest) {
  std::string_view line = base::split_off(rest, '\n');
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view host_of(std::string_view fields) {
  while (!fields.empty()) {
    std::string_view line = next_line(fields);
    if (base::equals_ignoring_case(base::split_off(line, ':'), "host")) return base::trimmed(line);
  }
  return {};
}

bool is_local_name(std::string_view host) {
  const auto colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
  const std::string_view name = has_port ? host.substr(0, colon) : host;
  return base::equals_ignoring_case(name, "localhost") || base::IpAddress::parse(name).has_value();
}

}  // namespace

std::optional<bool> looks_like_http(std::string_view bytes) {
  constexpr std::array<std::string_view, 2> kStarts{"GET ", "HEAD "};
  bool possible = false;
  for (const auto start : kStarts) {
    if (bytes.starts_with(start)) return true;
    possible = possible || start.starts_with(bytes);
  }
  return possible ? std::nullopt : std::optional(false);
}

std::size_t http_head_length(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  return end == std::string_view::npos ? 0 : end + 4;
}

std::string answer_http(std::string_view head, const AdminPages& pages, bool local_names_only) {
  std::string_view fields = head;
  std::string_view line = next_line(fields);
  const bool with_body = base::split_off(line, ' ') == "GET";
  std::string_view target = base::split_off(line, ' ');
  const std::string_view path = base::split_off(target, '?');
  if (local_names_only && !is_local_name(host_of(fields))) return refusal("403 Forbidden", with_body);
  const auto page = pages.find(path);
  if (page == pages.end()) return refusal("404 Not Found", with_body);
  const AdminPage content = page->second();
  return response("200 OK", content.content_type, content.body, with_body);
}

}  // namespace gate::app
