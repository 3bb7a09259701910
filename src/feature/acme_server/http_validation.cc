// http-01: RFC 8555 8.3.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.h"
#include "client/fetch.h"
#include "client/location.h"
#include "feature/acme_server/network_validator.h"

namespace gate::acme_server {
namespace {

class HttpJob final : public NetworkValidator::Job, private client::LocationListener {
 public:
  HttpJob(NetworkValidator& validator, Proof proof)
      : Job(validator, std::move(proof)),
        location_(context().resolver(), context().random(), *this),
        fetch_(context(), nullptr) {}

  void start() override {
    const std::uint16_t port = this->proof().statement->http_port;
    if (const auto address = base::IpAddress::parse(this->proof().name)) return located({{*address, port}});
    client::ServerAddress server;
    server.host = this->proof().name;
    server.port = port;
    location_.start(server);
  }

 private:
  void not_located(const http::CallFailure&) override {
    finished(Problem{ProblemType::kDns, fmt::format("no address of {} was found", proof().name)});
  }

  void located(std::vector<base::Endpoint> endpoints) override {
    endpoints_ = permitted(*proof().statement, std::move(endpoints));
    if (endpoints_.empty()) {
      return finished(Problem{ProblemType::kConnection,
                              fmt::format("{} leads to no address that this server may ask", proof().name)});
    }
    ask();
  }

  // The name is not looked up again: what it leads to may have changed meanwhile.
  void ask() {
    const std::string at = endpoints_[asked_++].to_string();
    fetch_.start({.url = fmt::format("http://{}/.well-known/acme-challenge/{}", at, proof().token),
                  .host = host_field(),
                  .deadline = NetworkValidator::kDeadline / kAddressesMax,
                  .response_bytes_max = kResponseBytesMax},
                 [this](const base::Result<client::FetchResponse>& response) { answered(response); });
  }

  void answered(const base::Result<client::FetchResponse>& response) {
    // Many machines have an IPv6 address that nobody reaches.
    if (!response && asked_ < std::min(endpoints_.size(), kAddressesMax)) return ask();
    finished(fault_of(response));
  }

  std::string host_field() const {
    const auto address = base::IpAddress::parse(proof().name);
    std::string host = address && !address->is_v4() ? "[" + proof().name + "]" : proof().name;
    constexpr std::uint16_t kUsual = 80;
    const std::uint16_t port = proof().statement->http_port;
    return port == kUsual ? host : fmt::format("{}:{}", host, port);
  }

  std::optional<Problem> fault_of(const base::Result<client::FetchResponse>& response) const {
    const std::string where = fmt::format("http://{}/.well-known/acme-challenge/{}", host_field(), proof().token);
    if (!response) return Problem{ProblemType::kConnection, fmt::format("{} does not answer", where)};
    if (response->status != kOk) {
      return Problem{ProblemType::kUnauthorized, fmt::format("{} answers with status {}", where, response->status)};
    }
    // RFC 8555 8.3: "The server SHOULD ignore whitespace characters at the end of the body."
    std::string_view body = response->body;
    while (!body.empty() && static_cast<unsigned char>(body.back()) <= ' ') body.remove_suffix(1);
    if (body == proof().key_authorization) return std::nullopt;
    return Problem{ProblemType::kUnauthorized, fmt::format("what is at {} is not the answer to this challenge", where)};
  }

  static constexpr std::uint16_t kOk = 200;
  static constexpr std::size_t kAddressesMax = 3;
  static constexpr std::size_t kResponseBytesMax = 8 * 1024;

  client::Location location_;
  client::Fetch fetch_;
  std::vector<base::Endpoint> endpoints_;
  std::size_t asked_ = 0;  // of them
};

}  // namespace

std::unique_ptr<NetworkValidator::Job> make_http_job(NetworkValidator& validator, Proof proof) {
  return std::make_unique<HttpJob>(validator, std::move(proof));
}

}  // namespace gate::acme_server
