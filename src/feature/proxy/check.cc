#include "feature/proxy/check.h"

#include <array>
#include <string_view>

#include "base/text.h"
#include "feature/proxy/forwarding.h"

namespace gate::proxy {

Check::Check(const ProxySettings& settings, Server& server, client::Context& client)
    : settings_(settings), server_(server), client_(client) {
  client_.loop().arm(*this, client_.loop().now());
}

Check::~Check() = default;

// The time of the next question, or for the answer to the last.
void Check::on_timer() {
  if (question_) {
    conclude(false);
  } else {
    ask();
  }
}

void Check::ask() {
  http::CallListener& listener = *this;
  Question& question = question_.emplace(blocks_, listener);
  question.fields.add(http::FieldId::kUserAgent, "gate443 check");
  question.fields.add(http::FieldId::kAccept, "*/*");
  http::Call::Request& request = question.call.request;
  const bool fixed = settings_.host == HostPolicy::kFixed;
  request.scheme = server_.settings->address.secure() ? "https" : "http";
  request.authority = fixed ? std::string_view(settings_.host_name) : std::string_view(server_.authority);
  request.target = settings_.check.path;
  request.fields = &question.fields;
  client_.loop().arm(*this, client_.loop().now() + settings_.check.timeout);
  server_.pool->start(question.call);
}

bool Check::is_good_status(std::uint16_t status) const {
  const std::uint16_t wanted = settings_.check.status;
  return wanted == 0 ? status >= 200 && status < 400 : status == wanted;
}

// Whoever told is not to lose its call from within: the verdict waits for the end of the turn.
void Check::responded(http::Call& call) {
  if (!is_good_status(call.response.status) || settings_.check.body.empty()) {
    verdict_ = is_good_status(call.response.status);
  }
  call.body().set_waker(this);
  client_.loop().schedule(*this);
}

void Check::failed(http::Call&, const http::CallFailure&) {
  verdict_ = false;
  client_.loop().schedule(*this);
}

void Check::on_turn_end() {
  if (!question_) return;
  if (!verdict_) read_content();
  if (verdict_) conclude(*verdict_);
}

void Check::read_content() {
  std::array<std::byte, 4096> piece;
  while (question_->content.size() < kBodyBytesMax) {
    const auto read = question_->call.body().read(piece);
    question_->content += base::as_text(std::span(piece).first(read.count));
    if (read.state == http::BodyRead::State::kData) continue;
    if (read.state == http::BodyRead::State::kWait) return;
    break;
  }
  verdict_ = question_->content.contains(settings_.check.body);
}

void Check::conclude(bool good) {
  question_.reset();
  verdict_.reset();
  in_a_row_ = good == server_.record->healthy ? 0 : in_a_row_ + 1;
  if (in_a_row_ >= (good ? settings_.check.rise : settings_.check.fall)) {
    server_.record->healthy = good;
    if (good) server_.record->recovered_at = client_.loop().now();
    in_a_row_ = 0;
  }
  client_.loop().arm(*this, client_.loop().now() + settings_.check.interval);
}

}  // namespace gate::proxy
