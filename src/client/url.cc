#include "client/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "client/codes.h"
#include "http/url_text.h"

namespace gate::client {
namespace {

constexpr std::string_view kSchemeEnd = "://";

// Only the beginning is repeated: the text comes from outside.
std::unexpected<base::Error> bad(std::string_view text, std::string_view why) {
  constexpr std::size_t kShown = 200;
  return base::fail({.code = kBadUrl,
                     .side = base::Side::kConfiguration,
                     .what = fmt::format("\"{}\" is no URL that can be asked", text.substr(0, kShown)),
                     .why = std::string(why),
                     .fix = "such as https://example.com/path"});
}

bool has_only_url_characters(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return http::is_in(http::kUrlCharacters, c); });
}

// RFC 3986 5.2.4 "Remove Dot Segments", of a path that begins with "/".
std::string without_dot_segments(std::string_view path) {
  std::string made;
  while (!path.empty()) {
    const auto end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    if (segment == "/..") made.erase(std::min(made.rfind('/'), made.size()));
    if (segment != "/." && segment != "/..") made += segment;
    if (path.empty() && (segment == "/." || segment == "/..")) made += '/';
  }
  return made;
}

std::pair<std::string_view, std::string_view> split_query(std::string_view target) {
  const auto query = std::min(target.find('?'), target.size());
  return {target.substr(0, query), target.substr(query)};
}

}  // namespace

base::Result<Url> Url::parse(std::string_view text) {
  if (text.size() > kBytesMax) return bad(text, "it is too long");
  if (!has_only_url_characters(text)) return bad(text, "it has characters that a URL does not have");
  const std::string_view whole = text.substr(0, text.find('#'));
  const auto scheme_end = whole.find(kSchemeEnd);
  const std::string_view scheme = whole.substr(0, std::min(scheme_end, whole.size()));
  if (scheme_end == std::string_view::npos || (scheme != "https" && scheme != "http")) {
    return bad(text, "it does not begin with https:// or http://");
  }
  const auto authority_end = std::min(whole.find_first_of("/?", scheme_end + kSchemeEnd.size()), whole.size());
  auto server = ServerAddress::parse(whole.substr(0, authority_end));
  if (!server) return bad(text, "between \"//\" and the path must stand a host, and a port where it is no usual one");
  Url url{.server = *std::move(server)};
  const std::string_view target = whole.substr(authority_end);
  url.target = target.starts_with('/') ? std::string(target) : fmt::format("/{}", target);
  return url;
}

base::Result<Url> Url::resolve(std::string_view reference) const {
  if (reference.size() > kBytesMax) return bad(reference, "it is too long");
  const auto first_separator = reference.find_first_of("/?#");
  if (reference.substr(0, first_separator).contains(':')) return parse(reference);
  if (reference.starts_with("//")) return parse(fmt::format("{}:{}", server.secure() ? "https" : "http", reference));
  if (!has_only_url_characters(reference)) return bad(reference, "it has characters that a URL does not have");
  const auto [path, query] = split_query(reference.substr(0, reference.find('#')));
  const auto [own_path, own_query] = split_query(target);
  Url url{.server = server};
  if (path.empty()) {
    url.target = std::string(own_path).append(query.empty() ? own_query : query);
    return url;
  }
  const std::string_view folder = path.starts_with('/') ? "" : own_path.substr(0, own_path.rfind('/') + 1);
  url.target = without_dot_segments(std::string(folder).append(path)).append(query);
  return url;
}

std::string Url::to_string() const {
  return fmt::format("{}://{}{}", server.secure() ? "https" : "http", server.authority(), target);
}

}  // namespace gate::client
