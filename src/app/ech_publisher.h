#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "app/dns_proof_settings.h"
#include "app/ech_settings.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "dns/exchange.h"
#include "dns/https_record.h"
#include "tls/ech_keys.h"

namespace gate::app {

// Keeps the key of Encrypted Client Hello in the HTTPS records of the sites (RFC 9848), through the name servers that
// the configuration names. What fails is tried again; serving does not depend on it. Control thread only.
class EchPublisher {
 public:
  // Told once of each name that is published, and of each reason why one is not.
  using Tell = std::function<void(std::string_view text, base::ErrorCode code)>;
  static constexpr std::size_t kUpdatesMax = 4;  // at a time

  // What is known of the record of a name.
  struct State {
    base::WallTime published{};  // when it was seen, or made, last
    base::WallTime due{};        // when it is looked at next
    unsigned failures = 0;       // in a row
    std::string problem{};       // the last one; empty: none
  };

  // All outlive it.
  EchPublisher(const dns::Context& context, const base::Clock& clock, Tell tell);

  // From now on these names and this key, if any; at the start and after each change of one.
  void adopt(const Settings& settings, const tls::EchKeys* keys);

  // Begins what is due.
  void maintain();

  // Null: the record of this name is made by hand.
  const State* state_of(const std::string& name) const;

 private:
  struct Subject {
    dns::Name name;
    dns::HttpsFacts facts;
    std::shared_ptr<const DnsProofSettings> updates;
    State state{};
    std::unique_ptr<dns::HttpsUpdate> update{};  // while it is under way
  };

  void begin(const std::string& name, Subject& subject);
  void finished(const std::string& name, Subject& subject, const base::Result<>& result);

  dns::Context context_;
  const base::Clock& clock_;
  Tell tell_;
  std::map<std::string, std::unique_ptr<Subject>> subjects_;
};

}  // namespace gate::app
