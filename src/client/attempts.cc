#include "client/attempts.h"

#include <utility>

namespace gate::client {

Attempts::Attempts(http::Exchange& exchange, const loop::Loop& loop)
    : loop_(loop), facts_(*exchange.arena().make<http::UpstreamFacts>()) {
  exchange.upstream = &facts_;
}

void Attempts::begin(ServerRecord& record) {
  record_ = &record;
  attempt_ = &facts_.begin(record.name);
  began_ = loop_.now();
  record.requests.add();
  record.in_flight = record.in_flight + 1;
  if (facts_.attempts > 1) record.retries.add();
}

void Attempts::responded(const http::Call& call) {
  note_waits(call);
  attempt_->status = call.response.status;
  attempt_->first_byte = attempt_->total - attempt_->waits.queue - attempt_->waits.connect;
  record_->first_byte_time.record(attempt_->first_byte);
}

void Attempts::failed(const http::Call& call, const http::CallFailure& failure) {
  if (attempt_->status == 0) note_waits(call);
  attempt_->total = since_begin();
  attempt_->fault = failure.fault;
  attempt_->reason = failure.reason;
  record_->faults[static_cast<std::size_t>(failure.fault)].add();
}

void Attempts::note_waits(const http::Call& call) {
  attempt_->total = since_begin();
  attempt_->waits = call.waits;
  record_->queue_time.record(call.waits.queue);
  if (call.waits.connect.count() > 0) record_->connect_time.record(call.waits.connect);
}

void Attempts::end() {
  if (!record_) return;
  ServerRecord& record = *std::exchange(record_, nullptr);
  record.in_flight = record.in_flight - 1;
  record.responses[observe::to_status_class(attempt_->status)].add();
}

}  // namespace gate::client
