// dns-01: RFC 8555 8.4.

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "dns/exchange.h"
#include "dns/query.h"
#include "dns/rdata.h"
#include "dns/resolv_conf.h"
#include "feature/acme_server/network_validator.h"
#include "jose/base64url.h"
#include "jose/digest.h"

namespace gate::acme_server {
namespace {

std::vector<base::Endpoint> resolvers_for(const AcmeServerSettings& settings) {
  return settings.resolvers.empty() ? dns::machine_resolvers() : settings.resolvers;
}

class DnsJob final : public NetworkValidator::Job {
 public:
  DnsJob(NetworkValidator& validator, Proof proof)
      : Job(validator, std::move(proof)), exchange_(dns::Context{context().loop(), context().random()}) {}

  void start() override {
    const auto name = dns::Name::parse("_acme-challenge." + proof().name);
    if (!name) return finished(Problem{ProblemType::kDns, "the name is too long for a challenge"});
    auto request = dns::query(*name, dns::Type::kTxt, resolvers_for(*proof().statement), dns::Asked::kResolver);
    request.deadline = NetworkValidator::kDeadline;
    exchange_.start(std::move(request),
                    [this](const base::Result<dns::Answer>& answer) { finished(fault_of(answer)); });
  }

 private:
  std::optional<Problem> fault_of(const base::Result<dns::Answer>& answer) const {
    const std::string where = "_acme-challenge." + proof().name;
    if (!answer || !dns::check_answer(*answer)) {
      return Problem{ProblemType::kDns, fmt::format("the records of {} could not be asked for", where)};
    }
    const std::string wanted = jose::to_base64url(jose::sha256(base::as_bytes(proof().key_authorization)));
    const bool shown = std::ranges::any_of(answer->message.answers,
                                           [&](const dns::Record& record) { return dns::text_in(record) == wanted; });
    if (shown) return std::nullopt;
    return Problem{ProblemType::kUnauthorized,
                   fmt::format("no TXT record of {} is the answer to this challenge", where)};
  }

  dns::Exchange exchange_;
};

}  // namespace

std::unique_ptr<NetworkValidator::Job> make_dns_job(NetworkValidator& validator, Proof proof) {
  return std::make_unique<DnsJob>(validator, std::move(proof));
}

}  // namespace gate::acme_server
