#include "feature/proxy/proxied.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "client/refusal.h"
#include "feature/proxy/choice.h"
#include "feature/proxy/forwarding.h"
#include "feature/proxy/websocket.h"
#include "http/list_elements.h"
#include "http/upgrade.h"

namespace gate::proxy {
namespace {

using http::CallFault;
using http::FieldId;
using http::Method;

// RFC 9110 9.2.2.
bool is_idempotent(Method method) {
  switch (method) {
    case Method::kGet:
    case Method::kHead:
    case Method::kPut:
    case Method::kDelete:
    case Method::kOptions:
    case Method::kTrace: return true;
    default: return false;
  }
}

// Whether the method usually has content, so that none is said in words (RFC 9110 8.6).
bool expects_content(Method method) {
  return method == Method::kPost || method == Method::kPut || method == Method::kPatch;
}

// Whether the failure says something of the server, rather than of the client or of how much is asked of it.
bool is_servers_fault(const http::CallFailure& failure) {
  const bool client = failure.fault == CallFault::kRequestFailed || failure.fault == CallFault::kUpgradeFailed;
  return !client && failure.fault != CallFault::kConnectionLimitReached && !failure.put_off;
}

// RFC 9110 10.1.4: whether who asks takes trailers, which gRPC insists on.
bool takes_trailers(const http::FieldList& fields) {
  bool takes = false;
  http::for_each_element(fields, FieldId::kTe,
                         [&](std::string_view coding) { takes |= base::equals_ignoring_case(coding, "trailers"); });
  return takes;
}

}  // namespace

Proxied::Proxied(const Surroundings& with, http::Exchange& exchange)
    : with_(with),
      exchange_(exchange),
      fields_(exchange.arena()),
      call_(exchange.arena(), *this),
      attempts_(exchange, with.client.loop()),
      rest_of_tunnel_(with.client.loop()) {}

Proxied::~Proxied() {
  call_.cancel();
  release_server();
}

void Proxied::start() {
  prepare();
  if (!call_.request.body || !call_.request.upgrade.empty() || with_.settings.request_buffer == 0) return begin();
  RequestBuffer::Listener& listener = *this;
  request_buffer_ = std::make_unique<RequestBuffer>(exchange_.request_body(), with_.settings.request_buffer,
                                                    with_.client.loop(), listener);
  call_.request.body = request_buffer_.get();
  request_buffer_->fill();
}

void Proxied::begin() {
  with_.upstream.earn_retry();
  tried_ = exchange_.arena().make_array<bool>(with_.upstream.servers().size());
  if (!attempt()) refuse_without_server();
}

void Proxied::buffering_failed() {
  refuse({CallFault::kRequestFailed, http::Delivered::kNothing, "the client's request was cut short"});
}

void Proxied::prepare() {
  const http::Request& received = exchange_.request;
  fill_request_fields(exchange_, with_.settings, fields_);
  http::Call::Request& request = call_.request;
  request.method = received.method;
  request.method_text = received.method_text;
  request.target = target_for(exchange_);
  request.fields = &fields_;
  request.body = received.has_body ? &exchange_.request_body() : nullptr;
  request.takes_trailers = takes_trailers(received.fields);
  request.body_expected = expects_content(received.method);
  request.on_behalf_of = {.client = exchange_.client(), .local = exchange_.connection().local};
  ask_for_tunnel();
}

// An Upgrade of HTTP/1.1 goes on as it is. An extended CONNECT (RFC 8441, RFC 9220) is the same question in the words
// of HTTP/2 and HTTP/3, and is asked in those of HTTP/1.1.
void Proxied::ask_for_tunnel() {
  const http::Request& received = exchange_.request;
  if (received.method != Method::kConnect) {
    call_.request.upgrade = http::upgrade_of(received);
    return;
  }
  call_.request.method = Method::kGet;
  call_.request.method_text = "GET";
  call_.request.upgrade = received.protocol;
  if (received.protocol == kWebSocket)
    fields_.set("sec-websocket-key", new_websocket_key(with_.client.random(), exchange_.arena()));
}

// Starts a call to the next server; false when none is left.
bool Proxied::attempt() {
  Choice choice = choice_for(exchange_, with_.settings);
  choice.tried = tried_;
  server_ = with_.upstream.choose(choice);
  if (!server_) return false;
  tried_[index_of(*server_)] = true;
  attempts_.begin(*server_->record);
  const client::ServerAddress& address = server_->settings->address;
  call_.request.scheme = address.secure() ? "https" : "http";
  call_.request.authority = authority_for(exchange_, with_.settings, server_->authority, address.secure());
  server_->pool->start(call_);
  return true;
}

std::size_t Proxied::index_of(const Server& server) const {
  return static_cast<std::size_t>(&server - with_.upstream.servers().data());
}

void Proxied::release_server() {
  server_ = nullptr;
  attempts_.end();
}

void Proxied::informed(http::Call&, std::uint16_t status, const http::FieldList& received) {
  http::FieldList fields(exchange_.arena());
  fill_response_fields(received, fields);
  exchange_.inform(status, fields);
}

void Proxied::responded(http::Call&) {
  attempts_.responded(call_);
  if (asks_elsewhere(call_.response.status)) return;
  with_.upstream.note_success(*server_, attempts_.since_begin());
  if (call_.response.status == 101) return pass_on_tunnel();
  const bool answers_connect = exchange_.request.method == Method::kConnect && call_.response.status < 300;
  if (answers_connect) {
    // The server has answered as if nobody had asked to switch; to the client a 2xx would say that it has.
    const http::CallFailure failure{CallFault::kProtocolError, http::Delivered::kAnswered,
                                    "the server did not switch protocols"};
    attempts_.failed(call_, failure);
    call_.cancel();
    release_server();
    return refuse(failure);
  }
  pass_on();
}

// Statuses that the configuration would rather have from another server.
bool Proxied::asks_elsewhere(std::uint16_t status) {
  if (std::ranges::find(with_.settings.retry.statuses, status) == with_.settings.retry.statuses.end()) return false;
  const http::CallFailure failure{CallFault::kConnectionTerminated, http::Delivered::kMaybe,
                                  "an answer to ask elsewhere for"};
  with_.upstream.note_failure(*server_);
  const bool others = std::ranges::find(tried_, false) != tried_.end();
  if (!others || !may_repeat(failure) || !with_.upstream.take_retry()) return false;
  start_over();
  release_server();
  if (!attempt()) refuse_without_server();
  return true;
}

void Proxied::pass_on() {
  http::Response& response = exchange_.response;
  response.status = call_.response.status;
  fill_response_fields(call_.response.fields, response.fields);
  if (with_.settings.balance == Balance::kSticky) add_sticky_cookie();
  body_length_ = call_.body().length();
  call_.body().allow(with_.settings.response_buffer);
  call_.body().set_waker(this);
  exchange_.respond();
}

// RFC 8441 5: over HTTP/2 and HTTP/3 success is a 2xx, and what HTTP/1.1 needed to be sure of the switch is left out.
void Proxied::pass_on_tunnel() {
  const bool connect = exchange_.request.method == Method::kConnect;
  http::Response& response = exchange_.response;
  fill_response_fields(call_.response.fields, response.fields);
  response.status = connect ? 200 : 101;
  response.tunnel = true;
  if (connect) {
    response.fields.remove("sec-websocket-accept");
  } else {
    response.fields.set(FieldId::kUpgrade, call_.request.upgrade);
  }
  call_.body().set_waker(this);
  call_.request.body = &exchange_.request_body();
  exchange_.respond();
}

void Proxied::failed(http::Call&, const http::CallFailure& failure) {
  attempts_.failed(call_, failure);
  if (is_servers_fault(failure)) with_.upstream.note_failure(*server_);
  // Such a server may be asked once more, and that costs nobody's patience but this request's.
  if (failure.put_off) tried_[index_of(*server_)] = false;
  release_server();
  if (may_repeat(failure) && (failure.put_off || with_.upstream.take_retry())) {
    start_over();
    if (attempt()) return;
  }
  refuse(failure);
}

void Proxied::start_over() {
  call_.restart();
  if (request_buffer_ && request_buffer_->whole()) request_buffer_->rewind();
}

// RFC 9110 9.2.2: "A proxy MUST NOT automatically retry non-idempotent requests", unless nothing of it arrived. A body
// that was begun is gone, where it is not held.
bool Proxied::may_repeat(const http::CallFailure& failure) const {
  if (attempts_.count() >= with_.settings.retry.attempts_max) return false;
  if (call_.request_body_bytes > 0 && !(request_buffer_ && request_buffer_->whole())) return false;
  if (failure.fault == CallFault::kRequestFailed) return false;
  if (failure.delivered == http::Delivered::kNothing) return true;
  return failure.fault == CallFault::kConnectionTerminated && is_idempotent(exchange_.request.method);
}

// The page takes the place of the response's body, which is this object: nothing of it may be touched afterwards.
void Proxied::refuse(const http::CallFailure& failure) { client::refuse(exchange_, failure); }

void Proxied::refuse_without_server() { client::refuse_without_server(exchange_, "no server is well"); }

http::BodyRead Proxied::read(std::span<std::byte> into) {
  const auto result = call_.body().read(into);
  const bool over = result.state == http::BodyRead::State::kEnd || result.state == http::BodyRead::State::kFailed;
  if (over && attempts_.under_way() && call_.failure()) attempts_.failed(call_, *call_.failure());
  if (over) release_server();
  if (over && exchange_.response.tunnel) rest_of_tunnel_.start(exchange_.request_body());
  return result;
}

void Proxied::add_sticky_cookie() {
  // Nothing of the server's address can be read from it.
  const auto number = fmt::format("{:016x}", server_->name_hash);
  if (cookie_of(exchange_, with_.settings.hash_name) == number) return;
  const std::string_view secure = exchange_.connection().secure ? "; Secure" : "";
  exchange_.response.fields.add(FieldId::kSetCookie,
                                exchange_.arena().copy(fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax{}",
                                                                   with_.settings.hash_name, number, secure)));
}

}  // namespace gate::proxy
