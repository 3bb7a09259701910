#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "http/service.h"

namespace gate::respond {

// What is answered. Without a text an error status shows its error page and every other one has no content.
struct Answer {
  std::uint16_t status = 200;
  std::optional<std::string> text{};
  std::string type = "text/plain; charset=utf-8";
};

// Answers every request with the same.
class RespondPlan final : public http::ServicePlan {
 public:
  explicit RespondPlan(Answer answer);

  std::unique_ptr<http::Service> build(const http::ServiceEnvironment& environment) const override;
  bool takes_all() const override { return true; }

 private:
  Answer answer_;
};

}  // namespace gate::respond
