#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/exchange.h"
#include "http/request_rules.h"

namespace gate::http::multiplex {

// Puts a request head together from its field lines, within the limits. The protocol's library has checked
// pseudo-fields, names and values (RFC 9113 8.2, 8.3; RFC 9114 4.2, 4.3); what HTTP itself demands is checked here.
class RequestAssembly {
 public:
  // Whether the head may go on. A head above the limits is read on, but not kept, and refused at its end; far above
  // them it is an attack (HPACK bomb, CVE-2016-6581, and the like with QPACK).
  [[nodiscard]] bool add(Exchange& exchange, const Field& line);

  // All lines are there. `ended` says that no body follows. Yields what the request is to be refused for.
  std::optional<RequestFault> finish(Exchange& exchange, bool ended);

  // Whether a trailer line is within what the limits leave.
  [[nodiscard]] bool takes_trailer(const Exchange& exchange, const Field& line);

 private:
  bool count(const Limits& limits, const Field& line);
  void add_pseudo(Exchange& exchange, const Field& line);
  void join_cookies(Exchange& exchange) const;
  std::optional<RequestFault> set_host(Exchange& exchange) const;

  std::string_view scheme_;
  std::string_view authority_;
  std::string_view path_;
  std::size_t bytes_ = 0;
  std::uint32_t lines_ = 0;
  std::uint32_t cookies_ = 0;
  std::optional<RequestFault> fault_;
};

}  // namespace gate::http::multiplex
