#include "client/refusal.h"

#include <fmt/format.h>

#include "client/codes.h"
#include "http/service.h"

namespace gate::client {
namespace {

using http::CallFault;

// RFC 9209 2.3 recommends a status for each; a server that is not there is "temporarily unable" (RFC 9110 15.6.4).
http::Refusal refusal_of(const http::CallFailure& failure) {
  switch (failure.fault) {
    case CallFault::kConnectionRefused:
    case CallFault::kConnectionLimitReached: return {503, kUpstreamUnavailable, failure.reason};
    case CallFault::kDnsTimeout:
    case CallFault::kConnectionTimeout:
    case CallFault::kConnectionWriteTimeout:
    case CallFault::kResponseTimeout: return {504, kUpstreamTimedOut, failure.reason};
    case CallFault::kRequestFailed: return {400, kRequestIncomplete, failure.reason};
    case CallFault::kDnsError:
    case CallFault::kConnectionTerminated:
    case CallFault::kTlsCertificateError:
    case CallFault::kTlsProtocolError:
    case CallFault::kResponseIncomplete:
    case CallFault::kProtocolError:
    case CallFault::kHeaderTooLarge:
    case CallFault::kUpgradeFailed: break;
  }
  return {502, kUpstreamFailed, failure.reason};
}

// RFC 9209: why there is an error page in place of an answer.
class ProxyStatus final : public http::ResponseFilter {
 public:
  explicit ProxyStatus(std::string_view error) : error_(error) {}
  void filter(http::Exchange& exchange) override {
    constexpr std::string_view kSoon = "5";
    auto& fields = exchange.response.fields;
    fields.add("proxy-status", exchange.arena().copy(fmt::format("gate443; error={}", error_)));
    if (exchange.response.status == 503) fields.set(http::FieldId::kRetryAfter, kSoon);
  }

 private:
  std::string_view error_;
};

void refuse_because(http::Exchange& exchange, std::string_view error, const http::Refusal& refusal) {
  exchange.add_change(*exchange.arena().make<ProxyStatus>(error));
  exchange.refuse(refusal);
}

}  // namespace

void refuse(http::Exchange& exchange, const http::CallFailure& failure) {
  refuse_because(exchange, http::to_string(failure.fault), refusal_of(failure));
}

void refuse_without_server(http::Exchange& exchange, std::string_view reason) {
  refuse_because(exchange, "destination_unavailable", {503, kUpstreamUnavailable, reason});
}

}  // namespace gate::client
