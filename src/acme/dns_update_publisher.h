#pragma once

#include <list>
#include <vector>

#include "acme/dns_publisher.h"
#include "base/ip.h"
#include "dns/exchange.h"
#include "dns/tsig.h"
#include "dns/update.h"

namespace gate::acme {

// Makes records by updates at the zone's primary server (RFC 2136), signed with a key (RFC 8945).
class DnsUpdatePublisher final : public DnsPublisher {
 public:
  // `context` outlives it. `server` has the addresses of one server.
  DnsUpdatePublisher(const dns::Context& context, std::vector<base::Endpoint> server, dns::TsigKey key);

  void publish(const DnsValue& value, Done done) override;
  void withdraw(const DnsValue& value, Done done) override;

 private:
  void update(const DnsValue& value, dns::Record change, Done done);

  dns::Context context_;
  std::vector<base::Endpoint> server_;
  dns::TsigKey key_;
  std::list<dns::Update> under_way_;
};

}  // namespace gate::acme
