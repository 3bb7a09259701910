#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "dns/exchange.h"
#include "dns/message.h"
#include "dns/tsig.h"
#include "dns/update.h"
#include "dns/zone_search.h"

namespace gate::dns {

// What a site says of itself in its HTTPS record (RFC 9460 9).
struct HttpsFacts {
  std::vector<std::string> protocols;  // ALPN: "h3", "h2"
  std::string ech;                     // ECHConfigList (RFC 9848)

  friend bool operator==(const HttpsFacts&, const HttpsFacts&) = default;
};

// The changes that make the HTTPS records of `name` say `facts`. `standing` are the records that it has: they keep all
// that they say beside ECH; where there is none, one is made. Empty where nothing is to be changed. Fails with
// kHttpsElsewhere where they lead to other names, whose keys are not ours.
base::Result<std::vector<Record>> https_changes(const Name& name, const std::vector<Record>& standing,
                                                const HttpsFacts& facts);

// Makes the HTTPS records of a name say the facts: finds its zone, looks what is there and changes that by an update.
class HttpsUpdate {
 public:
  using Done = std::function<void(base::Result<>)>;

  // `context` outlives it. Destroying it gives up; that may happen within `done`. `resolvers` are asked for the zone.
  HttpsUpdate(const Context& context, std::vector<base::Endpoint> resolvers)
      : search_(context, std::move(resolvers)), look_(context), update_(context) {}
  HttpsUpdate(const HttpsUpdate&) = delete;
  HttpsUpdate& operator=(const HttpsUpdate&) = delete;

  // Once. `server` is the zone's primary, `key` outlives the update. `done` is called later, never from within.
  void start(const Name& name, HttpsFacts facts, const base::Endpoint& server, const TsigKey& key, Done done);

 private:
  void look(const Place& place);
  void change(const Message& standing);
  void finish(base::Result<> result);

  HttpsFacts facts_;
  base::Endpoint server_;
  const TsigKey* key_ = nullptr;
  Done done_;
  Place place_;
  ZoneSearch search_;
  Exchange look_;
  Update update_;
};

}  // namespace gate::dns
