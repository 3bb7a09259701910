#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "observe/counter.h"
#include "observe/histogram.h"

namespace gate::observe {

// The label values of metrics. Each enum is closed, so the number of time series is known beforehand; the last one of
// an enum is its size.
enum class TlsVersion : std::uint8_t { kTls12, kTls13, kOther, kCount };
enum class TlsGroup : std::uint8_t { kX25519MlKem768, kX25519, kP256, kP384, kOther, kCount };
enum class WireProtocol : std::uint8_t { kHttp1, kHttp2, kHttp3, kCount };
enum class StatusClass : std::uint8_t { kNone, k1xx, k2xx, k3xx, k4xx, k5xx, kCount };  // kNone: no response was begun
enum class ConnectionEnd : std::uint8_t {
  kClient,  // the peer closed or reset it
  kServer,  // finished: Connection: close, too many requests on it
  kIdle,    // the keep-alive time ran out
  kHandshakeFailed,
  kHandshakeTimeout,
  kDeadline,   // too slow in a request or in taking a response
  kViolation,  // the protocol was broken or abused
  kRefused,    // over a limit of connections
  kDrained,    // closed by a reload or a stop
  kError,      // the system reported an error
  kCount
};

std::string_view to_string(TlsVersion version);
std::string_view to_string(TlsGroup group);
std::string_view to_string(WireProtocol protocol);
std::string_view to_string(StatusClass status);
std::string_view to_string(ConnectionEnd end);

// From the numbers of the registries.
TlsVersion to_tls_version(std::uint16_t number);
TlsGroup to_tls_group(std::uint16_t number);
StatusClass to_status_class(std::uint16_t status);

// Counters indexed by such an enum.
template <class Enum, class Value = Counter>
class ByEnum {
 public:
  static constexpr std::size_t kSize = static_cast<std::size_t>(Enum::kCount);

  Value& operator[](Enum key) { return values_[static_cast<std::size_t>(key)]; }
  const Value& operator[](Enum key) const { return values_[static_cast<std::size_t>(key)]; }

 private:
  std::array<Value, kSize> values_;
};

// Counts occurrences by error code in a fixed table: codes are ours, but how many there will be is not known here. When
// the table is full, further codes are counted together under the number 0.
class CodeCounters {
 public:
  static constexpr std::size_t kCodesMax = 64;

  void add(base::ErrorCode code);

  // Any thread: calls `visit(code, count)` for each code seen.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const Entry& entry : entries_) {
      const std::uint64_t count = entry.count.value();
      if (count > 0) visit(base::ErrorCode{entry.number.load(std::memory_order_relaxed)}, count);
    }
    if (const std::uint64_t count = others_.value(); count > 0) visit(base::ErrorCode{}, count);
  }

 private:
  struct Entry {
    std::atomic<std::uint16_t> number{0};
    Counter count;
  };
  std::array<Entry, kCodesMax> entries_;
  Counter others_;
};

// What one site served.
struct SiteMetrics {
  ByEnum<WireProtocol, ByEnum<StatusClass>> requests;
  Counter request_bytes;
  Counter response_bytes;
};

// What the caches of all sites did.
struct CacheCounters {
  Counter hits;       // answered with what is kept, fresh
  Counter stale;      // answered with it although stale, as was allowed
  Counter validated;  // answered with it once the server had said that it is still true
  Counter misses;
  Counter passes;  // requests that are none of a cache's business
  Counter stored;
  Counter evicted;    // to make room
  Counter responses;  // kept now
  Counter bytes;      // of them
};

// Everything one worker counts. The worker changes it, anybody reads it; a scrape adds the workers up. Sites are
// counted by a number that the composition root gives out and never reuses; sites above the bound are counted together.
class WorkerMetrics {
 public:
  explicit WorkerMetrics(std::size_t sites_max)
      : sites_max_(std::max<std::size_t>(sites_max, 1)), sites_(std::make_unique<SiteMetrics[]>(sites_max_)) {}

  Counter connections_accepted;
  ByEnum<ConnectionEnd> connections_closed;
  Counter accept_pauses;  // the limit of descriptors or connections was reached

  ByEnum<TlsVersion, ByEnum<TlsGroup>> handshakes;  // complete ones
  Counter handshakes_resumed;
  CodeCounters handshake_failures;
  Histogram handshake_duration;

  ByEnum<WireProtocol, Histogram> request_duration;
  CodeCounters refusals;    // requests answered by a refusal
  CodeCounters violations;  // of a protocol, by a connection

  Counter bytes_received;  // from sockets
  Counter bytes_sent;

  // Of QUIC connections that have ended.
  struct Quic {
    Counter packets_received;
    Counter packets_sent;
    Counter packets_lost;
    Counter migrations;  // new addresses of clients
    Counter retried;     // connections whose client had to show its address
    Counter early_data;  // connections with requests in early data
    Histogram round_trip;
  };
  Quic quic;

  // Of QUIC's sockets, as they come.
  struct Datagrams {
    Counter to_workers;    // for a connection of another worker, and passed on to it
    Counter to_processes;  // for a connection of another process
    Counter overflowed;    // thrown away by the system: nobody received them in time
  };
  Datagrams datagrams;

  // Of connections that `pass` statements take.
  struct Passed {
    Counter begun;
    Counter failed;  // the server was not to be reached
    Counter ended;   // among them those that failed
  };
  Passed passed;

  // All workers keep the same responses, in the same memory.
  CacheCounters cache;

  Counter stalls;  // turns of the loop that took too long
  Counter longest_stall_microseconds;

  // Sites are numbered from 0; the last slot is shared by all numbers from there on.
  SiteMetrics& site(std::size_t number) { return sites_[std::min(number, sites_max_ - 1)]; }
  std::span<const SiteMetrics> sites() const { return {sites_.get(), sites_max_}; }

  std::uint64_t connections_open() const;

  // A turn of the loop took too long.
  void note_stall(base::Duration duration);

 private:
  std::size_t sites_max_;
  std::unique_ptr<SiteMetrics[]> sites_;
};

}  // namespace gate::observe
