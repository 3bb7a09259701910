#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "dns/zone_search.h"

namespace gate::acme {

// A TXT record with a value, beside others at the same name.
struct DnsValue {
  dns::Name name;  // where the record is to be, CNAME records followed
  dns::Name zone;  // that this belongs to
  std::string value;
};

// A way to make TXT records and to take them away. Control thread only; `done` is called later, never from within, and
// not after the publisher was destroyed.
class DnsPublisher {
 public:
  using Done = std::function<void(base::Result<>)>;
  virtual ~DnsPublisher() = default;

  virtual void publish(const DnsValue& value, Done done) = 0;

  // Other values at the same name stay. No error where there is no such record.
  virtual void withdraw(const DnsValue& value, Done done) = 0;
};

}  // namespace gate::acme
