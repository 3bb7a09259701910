#include "feature/respond/respond.h"

#include <utility>

#include "feature/respond/codes.h"
#include "http/exchange.h"

namespace gate::respond {
namespace {

class Respond final : public http::Service {
 public:
  explicit Respond(const Answer& answer) : answer_(answer) {}

  http::Flow handle(http::Exchange& exchange) override {
    if (!answer_.text && answer_.status >= 400) {
      exchange.refuse({.status = answer_.status, .code = kConfiguredRefusal, .reason = "refused by respond"});
      return http::Flow::kTaken;
    }
    exchange.response.status = answer_.status;
    if (answer_.text) {
      exchange.response.fields.set(http::FieldId::kContentType, answer_.type);
      exchange.response.body = exchange.make_text_body(*answer_.text);
    }
    exchange.respond();
    return http::Flow::kTaken;
  }

 private:
  const Answer& answer_;
};

}  // namespace

RespondPlan::RespondPlan(Answer answer) : answer_(std::move(answer)) {}

std::unique_ptr<http::Service> RespondPlan::build(const http::ServiceEnvironment&) const {
  return std::make_unique<Respond>(answer_);
}

}  // namespace gate::respond
