#include "bench/gateload/response.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace gate::bench {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";

std::optional<std::size_t> content_length(std::string_view head) {
  constexpr std::string_view kName = "\r\ncontent-length: ";
  const auto same = [](char a, char b) { return base::to_lower(a) == b; };
  const auto found = std::search(head.begin(), head.end(), kName.begin(), kName.end(), same);
  if (found == head.end()) return std::nullopt;
  const auto value = head.substr(static_cast<std::size_t>(found - head.begin()) + kName.size());
  return base::parse_number<std::size_t>(value.substr(0, value.find('\r')));
}

}  // namespace

ResponseEnd::State ResponseEnd::take(std::string_view bytes) {
  if (in_body_) return take_body(bytes);
  head_.append(bytes);
  const auto end = head_.find(kHeadEnd);
  if (end == std::string::npos) return head_.size() < kHeadBytesMax ? State::kMore : State::kBad;
  const std::string_view head = std::string_view(head_).substr(0, end + kHeadEnd.size());
  const auto length = content_length(head);
  if (!length || !head.starts_with("HTTP/1.1 200")) return State::kBad;
  body_left_ = *length;
  in_body_ = true;
  return take_body(std::string_view(head_).substr(head.size()));
}

ResponseEnd::State ResponseEnd::take_body(std::string_view bytes) {
  if (bytes.size() > body_left_) return State::kBad;
  body_left_ -= bytes.size();
  return body_left_ == 0 ? State::kDone : State::kMore;
}

}  // namespace gate::bench
