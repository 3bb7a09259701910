#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "http/call.h"
#include "observe/counter.h"
#include "observe/histogram.h"
#include "observe/worker_metrics.h"

namespace gate::client {

// What one worker knows of one server: how it has been doing, and what an operator has said of it. Outlives every use
// of the server, so that a reload forgets nothing. The worker changes it; counters and gauges may be read by anybody.
struct ServerRecord {
  explicit ServerRecord(std::string server) : name(std::move(server)) {}

  const std::string name;       // "http://localhost:3000"
  observe::Counter users;       // statements that name it now
  observe::Gauge<bool> chosen;  // by a `proxy` statement, among others: an operator can steer it

  observe::Counter requests;
  observe::Counter failures;
  observe::Gauge<std::uint32_t> in_flight;
  double first_byte_seconds = 0;  // moving average

  observe::Gauge<bool> healthy{true};  // as far as checks have found
  std::uint32_t failures_in_a_row = 0;
  std::uint32_t ejections_in_a_row = 0;
  observe::Gauge<base::Instant> ejected_until;  // left alone until then
  base::Instant recovered_at{};                 // by a check or an operator

  observe::Gauge<bool> drained;          // by an operator: gets no new requests
  observe::Gauge<std::uint32_t> weight;  // by an operator; 0: as configured

  observe::Counter retries;  // of the requests, those that were sent somewhere before
  observe::ByEnum<observe::StatusClass> responses;
  std::array<observe::Counter, http::kCallFaults> faults;
  observe::Histogram queue_time;
  observe::Histogram connect_time;  // of requests that had to wait for a connection to be made
  observe::Histogram first_byte_time;

  // Whether it gets requests at `now`.
  bool is_up(base::Instant now) const { return healthy && !drained && now >= ejected_until.value(); }
};

// The records of one worker. It adds to them; anybody may look at them, meanwhile too.
class ServerRecords {
 public:
  ServerRecords() = default;
  ~ServerRecords() = default;
  ServerRecords(const ServerRecords&) = delete;
  ServerRecords& operator=(const ServerRecords&) = delete;

  // The record of the server `name`. What is checked differently has a record of its own, told apart by `checked`.
  ServerRecord& of(const std::string& name, const std::string& checked);

  // Calls `visit(record)` for each server that is named now.
  template <class Visit>
  void for_each(Visit visit) const {
    for (auto* node = newest_.load(std::memory_order_acquire); node; node = node->older) {
      if (node->record.users.value() > 0) visit(std::as_const(node->record));
    }
  }
  template <class Visit>
  void for_each(Visit visit) {
    for (auto* node = newest_.load(std::memory_order_relaxed); node; node = node->older) {
      if (node->record.users.value() > 0) visit(node->record);
    }
  }

 private:
  struct Node {
    Node(const std::string& name, Node* next) : record(name), older(next) {}
    ServerRecord record;
    Node* const older;
  };

  std::map<std::pair<std::string, std::string>, std::unique_ptr<Node>> nodes_;  // for the worker
  std::atomic<Node*> newest_{nullptr};                                          // for everybody
};

}  // namespace gate::client
