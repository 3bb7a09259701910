#include "feature/http3/http3.h"

#include <fmt/format.h>

#include <string_view>

#include "http/exchange.h"

namespace gate::http3 {
namespace {

class Alternative final : public http::Service, private http::ResponseFilter {
 public:
  explicit Alternative(std::string_view value) : value_(value) {}

  // RFC 7838 2.1: who comes in the clear has shown that nobody vouches for the host.
  http::Flow handle(http::Exchange& exchange) override {
    const bool over_tcp = exchange.request.version != http::Version::kHttp3;
    if (over_tcp && exchange.connection().secure) exchange.add_filter(*this);
    return http::Flow::kNext;
  }

 private:
  void filter(http::Exchange& exchange) override {
    auto& fields = exchange.response.fields;
    if (!fields.find(http::FieldId::kAltSvc)) fields.add(http::FieldId::kAltSvc, value_);
  }

  std::string_view value_;  // the plan's
};

}  // namespace

AlternativePlan::AlternativePlan(std::uint16_t port)
    : value_(fmt::format("h3=\":{}\"; ma={}", port, kLifetime.count())) {}

std::unique_ptr<http::Service> AlternativePlan::build(const http::ServiceEnvironment&) const {
  return std::make_unique<Alternative>(value_);
}

}  // namespace gate::http3
