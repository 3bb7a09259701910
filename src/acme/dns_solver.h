#pragma once

#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "acme/dns_publisher.h"
#include "acme/solver.h"
#include "acme/told_later.h"
#include "base/clock.h"
#include "base/ip.h"
#include "dns/exchange.h"
#include "dns/propagation.h"
#include "dns/zone_search.h"

namespace gate::acme {

struct DnsSettings {
  std::vector<base::Endpoint> resolvers;  // that zones are found through
  // How long the zone's servers have to show a record; nothing: they are not asked.
  std::optional<base::Duration> propagation = std::chrono::minutes(2);
};

// RFC 8555 8.4: what the TXT record at _acme-challenge.NAME says.
std::string dns_challenge_text(std::string_view key_authorization);

// Proves names by TXT records (dns-01), the only way for wildcards.
class DnsSolver final : public Solver {
 public:
  // `context` outlives it.
  DnsSolver(const dns::Context& context, DnsSettings settings, std::unique_ptr<DnsPublisher> publisher);
  ~DnsSolver() override;

  std::string_view type() const override { return "dns-01"; }
  void present(const Challenge& challenge, Done done) override;
  void clean_up(const Challenge& challenge, Done done) override;

 private:
  class Presentation;
  // Two orders for one name may be asked for the same value: it stays until the last has been decided.
  struct Published {
    DnsValue value;
    unsigned uses = 0;
  };
  using Key = std::pair<std::string, std::string>;  // the name that is proven, the text

  dns::Context context_;
  DnsSettings settings_;
  ToldLater later_;
  std::map<Key, Published> published_;
  std::list<Presentation> presentations_;
  std::unique_ptr<DnsPublisher> publisher_;  // last: it calls back no more once it is gone
};

}  // namespace gate::acme
