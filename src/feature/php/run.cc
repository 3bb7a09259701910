#include "feature/php/run.h"

#include <fmt/format.h>

#include <utility>

#include "client/refusal.h"
#include "feature/php/parameters.h"
#include "http/connection_fields.h"

namespace gate::php {

Run::Run(const Server& server, http::Exchange& exchange)
    : server_(server),
      exchange_(exchange),
      parameters_(exchange.arena()),
      call_(exchange.arena(), *this),
      attempts_(exchange, server.loop) {}

void Run::start(const Script& script, const PhpOptions& options) {
  fill_parameters(exchange_, script, options, parameters_);
  call_.request.method = exchange_.request.method;
  call_.request.method_text = exchange_.request.method_text;
  call_.request.parameters = &parameters_;
  call_.request.body = exchange_.request.has_body ? &exchange_.request_body() : nullptr;
  attempt();
}

void Run::attempt() {
  attempts_.begin(server_.record);
  server_.pool.start(call_);
}

void Run::responded(http::Call&) {
  attempts_.responded(call_);
  http::Response& response = exchange_.response;
  response.status = call_.response.status;
  // RFC 3875 6.3.4: a script must not return fields of the communication between the client and us.
  for (const auto& field : call_.response.fields) {
    if (!http::is_of_connection(field.id)) response.fields.add(field);
  }
  body_length_ = call_.body().length();
  call_.body().set_waker(this);
  note_diagnostics();
  exchange_.respond();
}

// The page takes the place of the response's body, which is this object: nothing of it may be touched afterwards.
void Run::failed(http::Call&, const http::CallFailure& failure) {
  note_diagnostics();
  http::CallFailure why = failure;
  const std::string_view said = exchange_.upstream->diagnostics;
  if (!said.empty()) why.reason = exchange_.arena().copy(fmt::format("{}; it says: {}", failure.reason, said));
  attempts_.failed(call_, why);
  attempts_.end();
  if (!may_repeat(failure)) return client::refuse(exchange_, why);
  call_.restart();
  attempt();
}

http::BodyRead Run::read(std::span<std::byte> into) {
  const auto result = call_.body().read(into);
  const bool failed = result.state == http::BodyRead::State::kFailed;
  if (failed && call_.failure() && attempts_.under_way()) attempts_.failed(call_, *call_.failure());
  if (failed || result.state == http::BodyRead::State::kEnd) {
    attempts_.end();
    note_diagnostics();
  }
  return result;
}

// A script may go on to complain while its response is on the way.
void Run::note_diagnostics() {
  const std::string& said = call_.response.diagnostics;
  std::string_view& noted = exchange_.upstream->diagnostics;
  if (said.size() != noted.size()) noted = exchange_.arena().copy(said);
}

// Once more, where nothing of the request has reached a script: a connection that was kept may be closed at any time.
bool Run::may_repeat(const http::CallFailure& failure) const {
  const bool closed = failure.fault == http::CallFault::kConnectionTerminated;
  return attempts_.count() == 1 && closed && failure.delivered == http::Delivered::kNothing &&
         call_.request_body_bytes == 0;
}

}  // namespace gate::php
