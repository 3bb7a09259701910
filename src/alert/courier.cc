#include "alert/courier.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "alert/codes.h"
#include "alert/mail_delivery.h"
#include "alert/message.h"
#include "base/text.h"
#include "client/fetch.h"
#include "os/host_name.h"

namespace gate::alert {

namespace {

std::string message_id(base::Random& random) {
  std::array<std::byte, 12> bytes{};
  random.fill(bytes);
  return base::to_hex(bytes);
}

// The path of a webhook is often the secret itself.
std::string shown(const client::FetchRequest& request) {
  const auto scheme = request.url.find("://");
  const auto path = request.url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  return path == std::string::npos ? request.url : request.url.substr(0, path) + "/...";
}

constexpr std::chrono::seconds kDeadline{20};  // who is late is asked again

client::FetchRequest request_of(const Webhook& webhook, std::string body) {
  client::FetchRequest request{.method = "POST",
                               .url = webhook.url,
                               .fields = {{"content-type", "application/json"}},
                               .body = std::move(body),
                               .deadline = kDeadline};
  if (!webhook.bearer.empty()) request.fields.emplace_back("authorization", fmt::format("Bearer {}", webhook.bearer));
  return request;
}

base::Result<std::string> judge(base::Result<client::FetchResponse> response, const std::string& to) {
  if (!response) return std::unexpected(std::move(response).error());
  if (response->status >= 200 && response->status < 300) return fmt::format("{}", response->status);
  return base::fail({.code = kWebhookRefused,
                     .side = base::Side::kUpstream,
                     .retry = base::Retry::kLater,
                     .what = fmt::format("the webhook {} did not take the message", to),
                     .why = fmt::format("it answered {}", response->status),
                     .fix = "check its URL, and its secret if it wants one"});
}

}  // namespace

// One message on its way to all.
class Courier::Trip final : private loop::TurnEnd {
 public:
  Trip(Courier& courier, Done done) : courier_(courier), done_(std::move(done)) {}

  void start(const Settings& settings, std::span<const Notice> notices) {
    client::Context& context = courier_.context_;
    const MessageFacts facts{.host = os::host_name(), .now = context.loop().wall(), .id = message_id(context.random())};
    waiting_ = settings.webhooks.size() + settings.mails.size();
    answers_.reserve(waiting_);
    roots_ = settings.roots ? settings.roots : courier_.system_roots_;
    for (const Webhook& each : settings.webhooks) post(request_of(each, webhook_text(notices, facts)));
    for (const MailRoute& each : settings.mails) mail(each, facts.host, mail_text(each, notices, facts));
    if (waiting_ == 0) context.loop().schedule(*this);
  }

 private:
  void post(client::FetchRequest request) {
    const std::size_t number = answers_.size();
    answers_.push_back({.to = shown(request)});
    fetches_.push_back(std::make_unique<client::Fetch>(courier_.context_, roots_));
    fetches_.back()->start(std::move(request), [this, number](base::Result<client::FetchResponse> response) {
      answered(number, judge(std::move(response), answers_[number].to));
    });
  }

  void mail(const MailRoute& route, const std::string& host, std::string text) {
    const std::size_t number = answers_.size();
    answers_.push_back({.to = fmt::format("{} via {}", fmt::join(route.to, ", "), route.server.to_string())});
    deliveries_.push_back(std::make_unique<MailDelivery>(courier_.context_, roots_));
    deliveries_.back()->start(route, host, std::move(text), [this, number](base::Result<std::string> outcome) {
      answered(number, std::move(outcome));
    });
  }

  void answered(std::size_t number, base::Result<std::string> outcome) {
    answers_[number].outcome = std::move(outcome);
    if (--waiting_ == 0) courier_.context_.loop().schedule(*this);
  }

  // The trip dies with this.
  void on_turn_end() override {
    const Done done = std::move(done_);
    const auto answers = std::move(answers_);
    courier_.ended(*this);
    done(answers);
  }

  Courier& courier_;
  Done done_;
  std::shared_ptr<const cert::Roots> roots_;
  std::size_t waiting_ = 0;
  std::vector<Delivered> answers_;
  std::vector<std::unique_ptr<client::Fetch>> fetches_;
  std::vector<std::unique_ptr<MailDelivery>> deliveries_;
};

Courier::Courier(client::Context& context) : context_(context) {
  // An empty set refuses every server, and the outcome says so: without roots nobody can be trusted.
  auto system = cert::Roots::system();
  system_roots_ = std::make_shared<const cert::Roots>(system ? *std::move(system) : cert::Roots::of({}));
}

Courier::~Courier() = default;

void Courier::send(const Settings& settings, std::span<const Notice> notices, Done done) {
  trips_.push_back(std::make_unique<Trip>(*this, std::move(done)));
  trips_.back()->start(settings, notices);
}

void Courier::ended(const Trip& trip) {
  trips_.remove_if([&](const std::unique_ptr<Trip>& each) { return each.get() == &trip; });
}

}  // namespace gate::alert
