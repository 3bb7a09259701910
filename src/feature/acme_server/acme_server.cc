#include "feature/acme_server/acme_server.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "feature/acme_server/codes.h"
#include "http/exchange.h"
#include "http/explanation.h"
#include "loop/loop.h"

namespace gate::acme_server {
namespace {

// A request for a certificate of a hundred names, encoded twice, has less.
constexpr std::size_t kBodyBytesMax = 64 * 1024;

// One request and its answer. It is the exchange's response body from the beginning, so that it ends with the exchange.
class Conversation final : public http::BodySource, private http::BodyWaker, private loop::TurnEnd, private Waiting {
 public:
  // All outlive it.
  Conversation(http::Exchange& exchange, loop::Loop& loop, Counter& counter, Question question)
      : exchange_(exchange), loop_(loop), counter_(counter), question_(std::move(question)) {}
  ~Conversation() override {
    if (number_ != 0) counter_.leave(number_);
    if (request_body_) request_body_->set_waker(nullptr);
  }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  void start() {
    if (!exchange_.request.has_body) return ask();
    request_body_ = &exchange_.request_body();
    request_body_->set_waker(this);
    take_in();
  }

  http::BodyRead read(std::span<std::byte> into) override {
    const auto rest = base::as_bytes(reply_.body).subspan(at_);
    const std::size_t count = std::min(into.size(), rest.size());
    base::copy_bytes(into, rest.first(count));
    at_ += count;
    return {at_ == reply_.body.size() ? http::BodyRead::State::kEnd : http::BodyRead::State::kData, count};
  }
  std::optional<std::uint64_t> length() const override { return reply_.body.size(); }

 private:
  void body_ready() override { loop_.schedule(*this); }
  void on_turn_end() override { take_in(); }

  void take_in() {
    std::array<std::byte, 4096> room;
    for (;;) {
      const auto read = request_body_->read(room);
      question_.body += base::as_text(std::span(room).first(read.count));
      if (read.state == http::BodyRead::State::kWait) return;
      if (question_.body.size() > kBodyBytesMax) {
        return refuse({413, kTooLarge, "a larger body than any message of ACME has"});
      }
      if (read.state == http::BodyRead::State::kFailed) return refuse({400, kTooLarge, "the body ended too early"});
      if (read.state == http::BodyRead::State::kEnd) return ask();
    }
  }

  void ask() { number_ = counter_.ask(*this, std::move(question_)); }

  void answered(Reply reply) override {
    number_ = 0;
    reply_ = std::move(reply);
    http::Response& response = exchange_.response;
    response.status = reply_.status;
    for (const auto& [name, value] : reply_.fields) response.fields.add(name, value);
    exchange_.respond();
  }

  // The page takes the place of the response's body, which is this object: nothing of it may be touched afterwards.
  void refuse(const http::Refusal& refusal) {
    request_body_->set_waker(nullptr);
    request_body_ = nullptr;
    exchange_.refuse(refusal);
  }

  http::Exchange& exchange_;
  loop::Loop& loop_;
  Counter& counter_;
  Question question_;
  http::BodySource* request_body_ = nullptr;
  std::uint64_t number_ = 0;
  Reply reply_;
  std::size_t at_ = 0;
};

bool is_for(const AcmeServerSettings& settings, std::string_view path) {
  return path.starts_with(settings.path) && path.substr(settings.path.size()).starts_with('/');
}

// Why the request is not answered; nothing when it is.
std::optional<http::Refusal> refusal_of(const AcmeServerSettings& settings, const http::Exchange& exchange) {
  // RFC 8555 6.1: "Each ACME function is accomplished by the client sending a sequence of HTTPS requests to the
  // server."
  if (exchange.client_scheme() != "https") return http::Refusal{403, kNeedsHttps, "ACME is spoken over HTTPS"};
  const bool allowed = settings.allow.empty() || std::ranges::any_of(settings.allow, [&](const base::Cidr& block) {
                         return block.contains(exchange.client_address());
                       });
  if (!allowed) return http::Refusal{403, kNotAllowed, "this ACME server is not for the client's address"};
  return std::nullopt;
}

class AcmeServer final : public http::Service {
 public:
  AcmeServer(Statement statement, loop::Loop& loop, Counter& counter)
      : statement_(std::move(statement)), loop_(loop), counter_(counter) {}

  http::Flow handle(http::Exchange& exchange) override {
    if (!is_for(*statement_, exchange.request.path)) return http::Flow::kNext;
    if (const auto refusal = refusal_of(*statement_, exchange)) {
      exchange.refuse(*refusal);
      return http::Flow::kTaken;
    }
    auto body = exchange.make_body<Conversation>(exchange, loop_, counter_, question_of(exchange));
    auto& conversation = static_cast<Conversation&>(*body);
    exchange.response.body = std::move(body);
    conversation.start();
    return http::Flow::kTaken;
  }

 private:
  Question question_of(const http::Exchange& exchange) const {
    const auto& request = exchange.request;
    const auto* type = request.fields.find(http::FieldId::kContentType);
    return {.statement = statement_,
            .method = std::string(request.method_text),
            .base = "https://" + base::lowered(request.authority) + statement_->path,
            .path = std::string(request.path.substr(statement_->path.size())),
            .content_type = type == nullptr ? std::string() : std::string(type->value),
            .body = {},
            .client = exchange.client_address()};
  }

  Statement statement_;
  loop::Loop& loop_;
  Counter& counter_;
};

}  // namespace

AcmeServerPlan::AcmeServerPlan(AcmeServerSettings settings)
    : statement_(std::make_shared<const AcmeServerSettings>(std::move(settings))) {}

std::unique_ptr<http::Service> AcmeServerPlan::build(const http::ServiceEnvironment& environment) const {
  GATE_CHECK(environment.acme != nullptr && environment.loop != nullptr);
  return std::make_unique<AcmeServer>(statement_, *environment.loop, *environment.acme);
}

http::Flow AcmeServerPlan::explain(http::Exchange& exchange, http::Explanation& explanation) const {
  if (!is_for(*statement_, exchange.request.path)) {
    explanation.note("no address of the ACME server is meant");
    return http::Flow::kNext;
  }
  if (const auto refusal = refusal_of(*statement_, exchange)) {
    explanation.note(std::string(refusal->reason));
    exchange.refuse(*refusal);
    return http::Flow::kTaken;
  }
  explanation.note("the ACME server of the internal authority answers");
  return http::Flow::kTaken;
}

}  // namespace gate::acme_server
