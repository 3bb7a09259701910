#include "feature/php/run.h"

#include <fmt/format.h>

#include <utility>

#include "client/refusal.h"
#include "feature/php/parameters.h"
#include "http/connection_fields.h"

namespace gate::php {

Run::Run(client::Pool& pool, http::Exchange& exchange)
    : pool_(pool), exchange_(exchange), parameters_(exchange.arena()), call_(exchange.arena(), *this) {}

void Run::start(const Script& script, const PhpOptions& options) {
  fill_parameters(exchange_, script, options, parameters_);
  call_.request.method = exchange_.request.method;
  call_.request.method_text = exchange_.request.method_text;
  call_.request.parameters = &parameters_;
  call_.request.body = exchange_.request.has_body ? &exchange_.request_body() : nullptr;
  pool_.start(call_);
}

void Run::responded(http::Call&) {
  http::Response& response = exchange_.response;
  response.status = call_.response.status;
  // RFC 3875 6.3.4: a script must not return fields of the communication between the client and us.
  for (const auto& field : call_.response.fields) {
    if (!http::is_of_connection(field.id)) response.fields.add(field);
  }
  body_length_ = call_.body().length();
  call_.body().set_waker(this);
  exchange_.respond();
}

// The page takes the place of the response's body, which is this object: nothing of it may be touched afterwards.
void Run::failed(http::Call&, const http::CallFailure& failure) {
  if (may_repeat(failure)) {
    repeated_ = true;
    call_.restart();
    return pool_.start(call_);
  }
  http::CallFailure why = failure;
  const auto& said = call_.response.diagnostics;
  if (!said.empty()) why.reason = exchange_.arena().copy(fmt::format("{}; it says: {}", failure.reason, said));
  client::refuse(exchange_, why);
}

// Once more, where nothing of the request has reached a script: a connection that was kept may be closed at any time.
bool Run::may_repeat(const http::CallFailure& failure) const {
  const bool closed = failure.fault == http::CallFault::kConnectionTerminated;
  return !repeated_ && closed && failure.delivered == http::Delivered::kNothing && call_.request_body_bytes == 0;
}

}  // namespace gate::php
