#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "http/client_path.h"
#include "http/connection_info.h"
#include "http/limits.h"
#include "http/message.h"
#include "http/service.h"

namespace gate::http {

class Exchange;
struct UpstreamFacts;

// What a driver does for the exchanges on its connection.
class ExchangeDriver {
 public:
  // The response head is final and its body may be pulled.
  virtual void response_ready(Exchange& exchange) = 0;

  // The request body, to be pulled by a service; an empty one when the request has none. The driver owns it.
  virtual BodySource& request_body(Exchange& exchange) = 0;

  // An interim response, checked: to be sent at once, 100 only where the client waits for it. Nothing of `fields` is
  // kept.
  virtual void inform(Exchange& exchange, std::uint16_t status, const FieldList& fields) = 0;

 protected:
  ~ExchangeDriver() = default;
};

// Renders refusals: the error page. One per site, or the server's own.
class ErrorPages {
 public:
  // Fills fields and body of `exchange.response`; its status is set already and may not be changed.
  virtual void render(Exchange& exchange) const = 0;

 protected:
  ~ErrorPages() = default;
};

// How an exchange ended, for log and metrics.
enum class Outcome : std::uint8_t {
  kPending,
  kComplete,        // the whole response was handed to the connection; a tunnel: both directions ended by themselves
  kClientGone,      // the client went away or reset the stream before that
  kClientTimeout,   // the client was too slow
  kResponseFailed,  // the body's source failed in the middle
  kServerClosed,    // cut off by a deadline of the drain or a refusal of the protocol
};

std::string_view to_string(Outcome outcome);

// What came of it in a cache.
enum class CacheUse : std::uint8_t { kNone, kHit, kStale, kValidated, kCollapsed, kMiss, kPass };

// "hit"; empty for kNone: no cache was asked.
std::string_view to_string(CacheUse use);

// Moments of a request's life, for the log's durations by phase.
struct Timeline {
  base::Instant first_byte;      // of the request's head
  base::Instant head_complete;   // service starts
  base::Instant response_ready;  // head of the response final
  base::Instant finished;
};

// Why a request was refused: shown on the page as the status alone, in the log with all of it.
struct Refusal {
  std::uint16_t status = 500;
  base::ErrorCode code;
  std::string_view reason;  // static, or in the exchange's arena
};

// One request and its response, above every wire. Made by a driver, which outlives it; handled by services; ended by
// its driver. All of its data lives in its arena.
class Exchange {
 public:
  Exchange(ExchangeDriver& driver, base::BlockPool& blocks, const ConnectionInfo& connection, const Limits& limits)
      : arena_(blocks), request(arena_), response(arena_), driver_(driver), connection_(connection), limits_(limits) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

 private:
  base::Arena arena_;  // first: everything below points into it

 public:
  Request request;
  Response response;

  base::Arena& arena() { return arena_; }
  const ConnectionInfo& connection() const { return connection_; }
  const Limits& limits() const { return limits_; }

  // Who the request is of: the connection's peer, or, where that is a trusted proxy, whom it speaks for; the port is
  // then not known, and 0.
  const base::IpAddress& client_address() const {
    return client_path ? client_path->hops.front() : connection_.peer.address;
  }
  base::Endpoint client() const { return {client_address(), client_path ? std::uint16_t{0} : connection_.peer.port}; }
  // "https" or "http": how the client speaks, to us or to the first trusted proxy.
  std::string_view client_scheme() const {
    return client_path && !client_path->scheme.empty() ? client_path->scheme : request.scheme;
  }

  BodySource& request_body() { return driver_.request_body(*this); }

  // A body that lives in this exchange's arena: `make_body<TextBody>("...")`.
  template <class T, class... Arguments>
  BodyPtr make_body(Arguments&&... arguments) {
    return BodyPtr(std::construct_at(reinterpret_cast<T*>(arena_.allocate(sizeof(T)).data()),
                                     std::forward<Arguments>(arguments)...));
  }

  // A body of fixed text; `text` lives as long as the exchange.
  BodyPtr make_text_body(std::string_view text);

  // Adds a filter for the response; it is run before those added earlier.
  void add_filter(ResponseFilter& filter);

  // Adds a change that has the last word: changes are run after all filters, in the order they were added.
  void add_change(ResponseFilter& change);

  // Sends an interim response before the final one: 102, 103 (RFC 8297), 104, whatever is 1xx but 101; 100 is passed on
  // only while the client waits for it. Clients may ignore them all (RFC 9110 15.2), so what cannot be sent is left
  // out: behind the final response, to HTTP/1.0, with lines that are not sendable, above Limits::interim_bytes_max.
  void inform(std::uint16_t status, const FieldList& fields);

  // Runs `defaults`, filters and changes over `response` and hands it to the driver. Call once.
  void respond();

  // Answers with an error page instead. Call once, in place of respond().
  void refuse(const Refusal& refusal);

  bool responded() const { return responded_; }
  std::size_t filters() const;  // and changes that were added

  // For log, metrics and error pages.
  std::uint64_t id = 0;  // shown as 16 hex digits; unique in the process, unguessable order not needed
  const ClientPath* client_path = nullptr;  // set where a trusted proxy has said who the client is
  std::string_view site;                    // name of the site that handled it; empty before
  std::string_view rule;                    // "files /srv/www": the statement that answered
  const Refusal* refusal = nullptr;         // set by refuse()
  UpstreamFacts* upstream = nullptr;        // in the arena; set by services that ask another server
  const ErrorPages* error_pages = nullptr;
  ResponseFilter* defaults = nullptr;  // run first, so that all others can change what it fills in
  Timeline timeline;
  std::uint64_t request_body_bytes = 0;
  std::uint64_t response_body_bytes = 0;  // as sent, without framing
  std::uint64_t stream_id = 0;            // 0 on HTTP/1
  void* handler_mark = nullptr;           // the dispatcher's own note of who handles it
  Outcome outcome = Outcome::kPending;
  CacheUse cache = CacheUse::kNone;

 private:
  struct FilterLink {  // in the arena
    ResponseFilter* filter;
    FilterLink* next;
  };

  bool responded_ = false;
  ExchangeDriver& driver_;
  const ConnectionInfo& connection_;
  const Limits& limits_;
  FilterLink* filters_ = nullptr;  // the last one added is the first
  FilterLink* changes_ = nullptr;
  FilterLink** changes_end_ = &changes_;
  std::size_t interim_bytes_ = 0;
};

}  // namespace gate::http
