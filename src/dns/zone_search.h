#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "dns/exchange.h"
#include "dns/name.h"

namespace gate::dns {

// A server of a zone. IPv4 addresses come first.
struct NameServer {
  Name name;
  std::vector<base::Endpoint> addresses;
};

// Where the records of a name are.
struct Place {
  Name name;  // what was looked for, or what its CNAME records lead to: the name to put records at
  Name zone;
  std::vector<NameServer> servers;  // that answer for the zone, those with addresses; not empty
};

// Finds the zone that a name belongs to and the servers that answer for it, through resolvers. CNAME records are
// followed, so that whoever cannot change a zone can be pointed to another one.
class ZoneSearch {
 public:
  using Done = std::function<void(base::Result<Place>)>;

  // `context` outlives it. Destroying it gives up; that may happen within `done`.
  ZoneSearch(const Context& context, std::vector<base::Endpoint> resolvers)
      : context_(context), resolvers_(std::move(resolvers)) {}
  ZoneSearch(const ZoneSearch&) = delete;
  ZoneSearch& operator=(const ZoneSearch&) = delete;

  // Once. `done` is called later, never from within.
  void start(const Name& name, Done done);

 private:
  using Then = void (ZoneSearch::*)(const Answer&);

  void ask(const Name& name, Type type, Then then);
  void ask_for_zone(const Name& candidate);
  void take_zone(const Answer& answer);
  bool follow_aliases(const Message& message);
  void ask_for_servers();
  void take_servers(const Answer& answer);
  void ask_for_addresses(std::size_t server, Type type);
  void take_addresses(std::size_t server, const base::Result<Answer>& answer);
  void finish();
  void fail(base::Error error);

  Context context_;
  std::vector<base::Endpoint> resolvers_;
  Done done_;
  Name wanted_;
  Name candidate_;
  unsigned aliases_ = 0;
  Place place_;
  std::size_t unanswered_ = 0;
  std::vector<Exchange> exchanges_;
};

}  // namespace gate::dns
