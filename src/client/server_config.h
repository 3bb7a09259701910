#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "client/server_address.h"
#include "conf/reader.h"
#include "conf/table.h"
#include "conf/tree.h"
#include "http/limits.h"
#include "net/proxy_header.h"

// What statements that name servers read in the same way.
namespace gate::client {

// A word that names a server; reports one that does not.
std::optional<ServerAddress> read_server_address(const conf::Word& word, conf::Reader& reader);

// "v1" or "v2" of the PROXY protocol.
std::optional<net::ProxyProtocol> read_proxy_protocol(const conf::Word& word, conf::Reader& reader);

// Which of its times a `timeout` statement sets: a member of the plan or of the plan's `limits`.
template <class Plan>
struct TimeoutMember {
  std::chrono::milliseconds Plan::* own = nullptr;
  std::chrono::milliseconds http::Limits::* limit = nullptr;
};

template <class Plan>
using TimeoutChoice = conf::Choice<TimeoutMember<Plan>>;

// "timeout connect 5s"
template <class Plan, std::size_t N>
void read_timeout(conf::Context<Plan>& context, const conf::Statement& statement,
                  const TimeoutChoice<Plan> (&choices)[N]) {
  using namespace std::chrono_literals;
  const auto which = context.reader.choice(statement.args[0], choices);
  const auto time = context.reader.duration(statement.args[1], {1ms, 24h});
  if (!which || !time) return;
  if (which->own) context.plan.*which->own = *time;
  if (which->limit) context.plan.limits.*which->limit = *time;
}

}  // namespace gate::client
