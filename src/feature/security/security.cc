#include "feature/security/security.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "http/exchange.h"

namespace gate::security {
namespace {

using http::FieldId;

HstsPolicy effective(const SecurityPolicy& policy, const SiteFacts& facts) {
  HstsPolicy hsts = policy.hsts;
  if (facts.certificate_is_local) hsts.mode = HstsPolicy::Mode::kOff;
  return hsts;
}

constexpr std::string_view kFrameAncestors = "frame-ancestors";
constexpr std::string_view kFrameOptions = "SAMEORIGIN";  // what default_fields() says

// CSP Level 3 6.4.2.2: frame-ancestors takes the place of X-Frame-Options, which browsers then must not look at.
bool says_who_may_frame(const http::FieldList& fields) {
  return std::ranges::any_of(fields, [](const http::Field& field) {
    return field.id == FieldId::kContentSecurityPolicy &&
           !std::ranges::search(field.value, kFrameAncestors, {}, base::to_lower).empty();
  });
}

}  // namespace

class SecurityPlan::Security final : public http::Service, private http::ResponseFilter {
 public:
  Security(const SecurityPlan& plan, const base::Clock& clock) : plan_(plan), clock_(clock) {}

  http::Flow handle(http::Exchange& exchange) override {
    exchange.defaults = this;
    return http::Flow::kNext;
  }

 private:
  void filter(http::Exchange& exchange) override {
    http::FieldList& fields = exchange.response.fields;
    for (const http::Field& field : plan_.fields_) {
      if (!fields.find(field.id)) fields.add(field);
    }
    add_hsts(exchange);
    // All statements have had their turn by now, so this runs behind the changes they asked for.
    if (fields.find(FieldId::kXFrameOptions)) exchange.add_change(frame_rule_);
  }

  // Takes our own X-Frame-Options out where a Content-Security-Policy, perhaps one of `header`, says the same better.
  class FrameRule final : public http::ResponseFilter {
    void filter(http::Exchange& exchange) override {
      http::FieldList& fields = exchange.response.fields;
      const bool ours = fields.value(FieldId::kXFrameOptions) == kFrameOptions;
      if (ours && says_who_may_frame(fields)) fields.remove(FieldId::kXFrameOptions);
    }
  };

  void add_hsts(http::Exchange& exchange) const {
    // RFC 6797 7.2: "An HSTS Host MUST NOT include the STS header field in HTTP responses conveyed over non-secure
    // transport."
    if (!exchange.connection().secure || !keeps_hsts(exchange.request.host)) return;
    http::FieldList& fields = exchange.response.fields;
    const std::string_view value = plan_.hsts_.value_at(clock_.wall());
    if (!value.empty() && !fields.find(FieldId::kStrictTransportSecurity)) {
      fields.add(FieldId::kStrictTransportSecurity, value);
    }
  }

  FrameRule frame_rule_;
  const SecurityPlan& plan_;
  const base::Clock& clock_;
};

SecurityPlan::SecurityPlan(SecurityPolicy policy, const SiteFacts& facts)
    : fields_(std::move(policy.fields)), hsts_(effective(policy, facts), facts.hsts_began) {}

std::unique_ptr<http::Service> SecurityPlan::build(const http::ServiceEnvironment& environment) const {
  return std::make_unique<Security>(*this, environment.clock);
}

}  // namespace gate::security
