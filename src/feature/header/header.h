#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/field_id.h"
#include "http/service.h"
#include "http/text_template.h"

namespace gate::header {

enum class Message : std::uint8_t { kResponse, kRequest };
enum class Action : std::uint8_t { kSet, kAdd, kRemove };

// Changes one field of requests or responses. Responses are changed just before they are sent, after everything else,
// error pages included; several changes are made in the order they were written.
class HeaderPlan final : public http::ServicePlan {
 public:
  // `value` may hold placeholders; none for kRemove. Fails, with the reason in `what`, for what is no field name or
  // value, and for fields that frame or route messages: changing those would let two readers disagree on one message.
  static base::Result<std::unique_ptr<const HeaderPlan>> create(Message message, Action action, std::string_view name,
                                                                std::optional<std::string_view> value);

  std::unique_ptr<http::Service> build(const http::ServiceEnvironment& environment) const override;

 private:
  class Header;

  HeaderPlan(Message message, Action action, std::string name, std::optional<http::TextTemplate> value);

  Message message_;
  Action action_;
  std::string name_;  // lower case
  http::FieldId id_;
  std::optional<http::TextTemplate> value_;
};

}  // namespace gate::header
