#include "http/exchange.h"

#include <algorithm>

#include "base/check.h"
#include "http/request_rules.h"
#include "http/response_rules.h"

namespace gate::http {
namespace {

class TextBody final : public BodySource {
 public:
  explicit TextBody(std::string_view text) : rest_(base::as_bytes(text)), length_(text.size()) {}

  BodyRead read(std::span<std::byte> into) override {
    const std::size_t count = std::min(into.size(), rest_.size());
    base::copy_bytes(into, rest_.first(count));
    rest_ = rest_.subspan(count);
    return {rest_.empty() ? BodyRead::State::kEnd : BodyRead::State::kData, count};
  }

  std::optional<std::uint64_t> length() const override { return length_; }

 private:
  base::ByteView rest_;
  std::uint64_t length_;
};

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPending: return "pending";
    case Outcome::kComplete: return "complete";
    case Outcome::kClientGone: return "client gone";
    case Outcome::kClientTimeout: return "client timeout";
    case Outcome::kResponseFailed: return "response failed";
    case Outcome::kServerClosed: return "server closed";
  }
  return "unknown";
}

std::string_view to_string(CacheUse use) {
  switch (use) {
    case CacheUse::kNone: return {};
    case CacheUse::kHit: return "hit";
    case CacheUse::kStale: return "stale";
    case CacheUse::kValidated: return "validated";
    case CacheUse::kCollapsed: return "collapsed";
    case CacheUse::kMiss: return "miss";
    case CacheUse::kPass: return "pass";
  }
  return {};
}

BodyPtr Exchange::make_text_body(std::string_view text) { return make_body<TextBody>(text); }

void Exchange::add_filter(ResponseFilter& filter) { filters_ = arena_.make<FilterLink>(FilterLink{&filter, filters_}); }

void Exchange::add_change(ResponseFilter& change) {
  *changes_end_ = arena_.make<FilterLink>(FilterLink{&change, nullptr});
  changes_end_ = &(*changes_end_)->next;
}

std::size_t Exchange::filters() const {
  std::size_t count = 0;
  for (const auto* link = filters_; link; link = link->next) ++count;
  for (const auto* link = changes_; link; link = link->next) ++count;
  return count;
}

void Exchange::inform(std::uint16_t status, const FieldList& fields) {
  // RFC 9110 15.2: "A server MUST NOT send a 1xx response to an HTTP/1.0 client."
  if (responded_ || request.version == Version::kHttp10 || !is_sendable_interim(status, fields)) return;
  interim_bytes_ += interim_bytes(fields);
  if (interim_bytes_ <= limits_.interim_bytes_max) driver_.inform(*this, status, fields);
}

void Exchange::respond() {
  // RFC 9110 9.3.6: "Any 2xx (Successful) response indicates that the sender (and all inbound proxies) will switch to
  // tunnel mode": nothing that answers other methods may say so to CONNECT by chance.
  const bool succeeds = response.status >= 200 && response.status < 300;
  if (request.method == Method::kConnect && succeeds && !response.tunnel) {
    return refuse(answer_to(RequestFault::kMethodUnsupported));
  }
  GATE_CHECK(!responded_);
  responded_ = true;
  if (response.tunnel) response.may_encode = false;
  if (defaults) defaults->filter(*this);
  for (const auto* link = filters_; link; link = link->next) link->filter->filter(*this);
  for (const auto* link = changes_; link; link = link->next) link->filter->filter(*this);
  driver_.response_ready(*this);
}

void Exchange::refuse(const Refusal& why) {
  become_refusal(*this, why);
  respond();
}

}  // namespace gate::http
