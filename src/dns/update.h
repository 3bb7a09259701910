#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "base/result.h"
#include "dns/exchange.h"
#include "dns/message.h"
#include "dns/tsig.h"

namespace gate::dns {

// What an update does (RFC 2136 2.5); several make one, which is done whole or not at all.
Record added(Name name, Type type, std::uint32_t ttl, std::string data);  // beside those that are there
Record removed(Name name, Type type, std::string data);                   // this one, whatever its TTL
Record removed_all(Name name, Type type);

// Changes of one zone.
struct Changes {
  Name zone;
  std::vector<Record> records;
};

// One update of a zone by its primary server, signed (RFC 2136, RFC 8945).
class Update {
 public:
  using Done = std::function<void(base::Result<>)>;

  // `context` outlives it. Destroying it gives up; that may happen within `done`.
  explicit Update(const Context& context) : context_(context), exchange_(context) {}

  // Once. `servers` are addresses of one server, `key` outlives the update. `done` is called later, never from within.
  void start(Changes changes, std::vector<base::Endpoint> servers, const TsigKey& key, Done done);

 private:
  Context context_;
  Exchange exchange_;
};

// What the answer to an update of `zone`, signed with `key`, means.
base::Result<> update_outcome(const Answer& answer, const Name& zone, const TsigKey& key, base::WallTime now);

}  // namespace gate::dns
