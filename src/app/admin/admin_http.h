#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace gate::app {

// What is shown at a path of the admin server.
struct AdminPage {
  std::string content_type;
  std::string body;
};
using AdminPages = std::map<std::string, std::function<AdminPage()>, std::less<>>;

// Whether these first bytes are an HTTP request and no line of JSON; nothing while it cannot be told yet.
std::optional<bool> looks_like_http(std::string_view bytes);

inline constexpr std::size_t kAdminHeadBytesMax = 8 * 1024;

// The length of the request's head, its empty line included; 0 while it is not complete.
std::size_t http_head_length(std::string_view bytes);

// The whole response to a request head: GET and HEAD of the pages, nothing else; the connection closes after it. With
// `local_names_only`, requests whose Host is neither "localhost" nor an address are refused, so that no web site a
// person on this machine visits can read the pages by naming its own host as 127.0.0.1 (DNS rebinding).
std::string answer_http(std::string_view head, const AdminPages& pages, bool local_names_only);

}  // namespace gate::app
