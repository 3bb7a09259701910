#include "feature/header/header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "feature/header/codes.h"
#include "http/exchange.h"
#include "http/request_rules.h"

namespace gate::header {
namespace {

std::unexpected<base::Error> refusal(std::string why) {
  return base::fail({.code = kBadField, .side = base::Side::kConfiguration, .what = std::move(why)});
}

// Written by the drivers, each in the way of its wire (RFC 9110 7.6.1, RFC 9112 6, RFC 9113 8.2.2).
constexpr std::array kOfTheWire{
    http::FieldId::kConnection,
    http::FieldId::kContentLength,
    http::FieldId::kDate,
    http::FieldId::kKeepAlive,
    http::FieldId::kTe,
    http::FieldId::kProxyConnection,
    http::FieldId::kTrailer,
    http::FieldId::kUpgrade,
    http::FieldId::kTransferEncoding,
};

base::Result<> check_name(Message message, std::string_view name) {
  if (!http::is_token(name)) return refusal("a field name is made of letters, digits and hyphens");
  const http::FieldId id = http::field_id(base::lowered(name));
  if (std::ranges::find(kOfTheWire, id) != kOfTheWire.end()) {
    return refusal(fmt::format("{} belongs to the connection and is always written by the server", name));
  }
  if (message == Message::kRequest && id == http::FieldId::kHost) {
    return refusal("Host chose this site; it cannot be changed afterwards");
  }
  return {};
}

}  // namespace

class HeaderPlan::Header final : public http::Service, private http::ResponseFilter {
 public:
  explicit Header(const HeaderPlan& plan) : plan_(plan) {}

  http::Flow handle(http::Exchange& exchange) override {
    if (plan_.message_ == Message::kRequest) {
      change(exchange.request.fields, exchange);
    } else {
      exchange.add_change(*this);
    }
    return http::Flow::kNext;
  }

 private:
  void filter(http::Exchange& exchange) override { change(exchange.response.fields, exchange); }

  void change(http::FieldList& fields, http::Exchange& exchange) const {
    if (plan_.action_ != Action::kAdd) remove(fields);
    if (plan_.value_) fields.add(http::Field{plan_.name_, plan_.value_->expand(exchange), plan_.id_});
  }

  void remove(http::FieldList& fields) const {
    if (plan_.id_ == http::FieldId::kUnknown) {
      fields.remove(plan_.name_);
    } else {
      fields.remove(plan_.id_);
    }
  }

  const HeaderPlan& plan_;
};

HeaderPlan::HeaderPlan(Message message, Action action, std::string name, std::optional<http::TextTemplate> value)
    : message_(message),
      action_(action),
      name_(std::move(name)),
      id_(http::field_id(name_)),
      value_(std::move(value)) {}

base::Result<std::unique_ptr<const HeaderPlan>> HeaderPlan::create(Message message, Action action,
                                                                   std::string_view name,
                                                                   std::optional<std::string_view> value) {
  GATE_TRY(check_name(message, name));
  std::optional<http::TextTemplate> compiled;
  if (value) {
    if (!http::is_field_value(*value)) return refusal("a field value holds no line break and no blanks at its ends");
    GATE_TRY_ASSIGN(compiled, http::TextTemplate::compile(*value, http::TextTemplate::For::kFieldValue));
  }
  return std::unique_ptr<const HeaderPlan>(
      std::make_unique<HeaderPlan>(HeaderPlan(message, action, base::lowered(name), std::move(compiled))));
}

std::unique_ptr<http::Service> HeaderPlan::build(const http::ServiceEnvironment&) const {
  return std::make_unique<Header>(*this);
}

}  // namespace gate::header
