#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/ip.h"
#include "http/exchange.h"
#include "http/method.h"
#include "http/upstream_facts.h"

namespace gate::server {

// A text inside a record of fixed size; what is longer is cut.
template <std::size_t kBytesMax>
class ShortText {
 public:
  void assign(std::string_view text) {
    cut_ = text.size() > kBytesMax;
    size_ = static_cast<std::uint16_t>(std::min(text.size(), kBytesMax));
    base::copy_bytes(std::as_writable_bytes(std::span(text_)), base::as_bytes(text.substr(0, size_)));
  }
  std::string_view view() const { return {text_.data(), size_}; }
  bool cut() const { return cut_; }

 private:
  static_assert(kBytesMax <= UINT16_MAX);
  std::uint16_t size_ = 0;
  bool cut_ = false;
  std::array<char, kBytesMax> text_;
};

// What `gate443 why` tells of a request that came to no good answer. As in the access log, nothing of header fields;
// the query stands here only where it stands there.
struct RecentRequest {
  struct Attempt {
    ShortText<96> server;
    ShortText<160> reason;
    std::uint16_t status = 0;
    std::optional<http::CallFault> fault;
    http::Call::Waits waits;
    base::Duration total{};
  };

  std::uint64_t id = 0;
  std::uint64_t connection_id = 0;
  base::WallTime time;  // when it ended
  base::Duration took{};
  base::Endpoint client;
  http::Version version = http::Version::kHttp11;
  bool secure = false;
  ShortText<24> method;
  ShortText<255> host;
  ShortText<384> path;
  ShortText<192> query;
  bool has_query = false;
  ShortText<128> site;
  ShortText<192> rule;
  std::uint16_t status = 0;  // 0: there was no response
  base::ErrorCode code;      // number 0: it was not refused
  ShortText<256> reason;
  http::Outcome outcome = http::Outcome::kPending;
  std::uint32_t attempts = 0;  // to ask servers behind
  std::array<Attempt, http::UpstreamFacts::kKeptMax> kept;

  std::span<const Attempt> attempts_kept() const {
    return std::span(kept).first(std::min<std::size_t>(attempts, kept.size()));
  }
};

// The last requests of one worker that were refused or failed. What clients got wrong and what failed on this side are
// kept apart, so that a scan of the site does not push out the failures. Memory is taken as they come, up to the bound.
class RecentRequests {
 public:
  static constexpr std::size_t kKeptOfEach = 256;

  // Takes the exchange down if it came to no good answer.
  void note(const http::Exchange& exchange, base::WallTime now, base::Duration took, bool query_is_logged);

  // The request with that id; null when it is unknown, or too many have come since.
  const RecentRequest* find(std::uint64_t id) const;

 private:
  class Ring {
   public:
    // A new one, or the oldest to be written over.
    RecentRequest& next();
    const RecentRequest* find(std::uint64_t id) const;

   private:
    std::vector<RecentRequest> records_;
    std::size_t oldest_ = 0;
  };

  Ring refused_;
  Ring failed_;
};

}  // namespace gate::server
