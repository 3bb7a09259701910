#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "http/call.h"

namespace gate::http {

// One time that a server behind was asked.
struct UpstreamAttempt {
  std::string_view server{};         // its name; lives as long as the exchange
  std::uint16_t status = 0;          // of its response; 0: there was none
  std::optional<CallFault> fault{};  // why there was none, or why that came to no end
  std::string_view reason{};         // the same in words; static, or in the exchange's arena
  Call::Waits waits{};
  base::Duration first_byte{};  // from the sent request to the head of the response
  base::Duration total{};       // from the beginning to that, or to the failure
};

// What became of an exchange at the servers behind, for log and `gate443 why`. In its arena.
struct UpstreamFacts {
  // Of more attempts than that the first ones and the last are kept.
  static constexpr std::size_t kKeptMax = 4;

  std::uint32_t attempts = 0;
  std::string_view diagnostics{};  // what a program said beside its response, for the log; in the exchange's arena
  std::array<UpstreamAttempt, kKeptMax> kept{};

  // The notes of one attempt more.
  UpstreamAttempt& begin(std::string_view server) {
    UpstreamAttempt& attempt = kept[std::min<std::size_t>(attempts++, kKeptMax - 1)];
    attempt = {.server = server};
    return attempt;
  }

  std::span<const UpstreamAttempt> view() const {
    return std::span(kept).first(std::min<std::size_t>(attempts, kKeptMax));
  }
};

}  // namespace gate::http
