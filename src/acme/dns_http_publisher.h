#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "acme/dns_hook_publisher.h"
#include "cert/verify.h"
#include "client/context.h"
#include "client/fetch.h"

namespace gate::acme {

struct HttpHookSettings {
  std::string url;
  std::string token{};                         // sent as a bearer's; a secret
  std::shared_ptr<const cert::Roots> roots{};  // that vouch for the server; null: the answer of anybody is taken
  std::chrono::milliseconds deadline{60'000};
};

// Makes records by an HTTP server: POST of {"action": "present"|"cleanup", "name", "value", "zone"}. A status from 200
// to 299 says that it is done.
class DnsHttpPublisher final : public DnsHookPublisher {
 public:
  // `context` outlives it.
  DnsHttpPublisher(client::Context& context, HttpHookSettings settings);

 private:
  void begin(const HookTask& task) override;
  base::Result<> judge(const base::Result<client::FetchResponse>& response, std::string_view action) const;

  HttpHookSettings settings_;
  client::Fetch fetch_;
};

}  // namespace gate::acme
