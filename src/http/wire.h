#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "http/connection_info.h"
#include "http/limits.h"

namespace gate::http {

class ErrorPages;
class Exchange;

// Finds the site of an exchange and runs its services. Implemented by `server`.
class Dispatcher {
 public:
  // The request's head is complete and checked. The response may be ready when this returns, or come later.
  virtual void dispatch(Exchange& exchange) = 0;

 protected:
  ~Dispatcher() = default;
};

// Protocol violations and attacks a driver noticed, for audit log and metrics.
struct WireEvent {
  base::ErrorCode code;
  std::string_view what;  // static text: "rapid reset", "content-length with transfer-encoding"
};

// Told about the ends of exchanges and about violations. Implemented by `server`.
class WireObserver {
 public:
  // Called once for each dispatched or refused exchange, just before it dies.
  virtual void finished(const Exchange& exchange) = 0;
  virtual void violation(const ConnectionInfo& connection, const WireEvent& event) = 0;

 protected:
  ~WireObserver() = default;
};

// Time as the worker sees it: read once a loop turn.
struct TurnTime {
  base::Instant now;
  base::WallTime wall;
  std::string_view http_date;  // RFC 9110 5.6.7, for the Date field
};

inline constexpr std::size_t kScratchBytes = 20 * 1024;

// What every driver of a worker shares. Outlives them.
struct WireContext {
  base::BlockPool& blocks;
  const TurnTime& time;
  WireObserver& observer;
  std::uint64_t& next_exchange_id;
  const ErrorPages* error_pages = nullptr;  // the server's own: for requests refused before any site is known
  std::span<std::byte>
      scratch{};  // memory for use within one call of one wire, kScratchBytes; empty: each wire its own
};

// The connection under a wire.
class WireHost {
 public:
  // The wire has something to produce, or wants to read again. Takes note only; produce() follows this turn.
  virtual void wake() = 0;

 protected:
  ~WireHost() = default;
};

// A protocol driver of one connection, whatever carries its bytes. Holds framing and flow control only; knows no
// socket, no TLS and no timer.
class Driver {
 public:
  virtual ~Driver() = default;

  // Everything is said: the connection is to be closed once what was produced is sent.
  virtual bool finished() const = 0;

  // When on_deadline is to be called at the latest; may move in either direction at any time. Instant::max() for never.
  virtual base::Instant deadline() const = 0;
  virtual void on_deadline() = 0;

  // Finish what is in flight and take nothing new (GOAWAY; Connection: close).
  virtual void drain() = 0;

  // Exchanges in flight; 0 when idle.
  virtual std::size_t exchanges() const = 0;

  // The connection broke: every exchange ends with this outcome kClientGone, nothing is produced any more.
  virtual void abandon() = 0;
};

// A driver above a stream of bytes: TCP, with TLS or without.
//
// The connection calls receive() with what it has decrypted and afterwards produce() until nothing comes, once a turn;
// it reads the socket only while wants_read() holds.
class Wire : public Driver {
 public:
  // Takes all of `bytes`; what cannot be used yet is copied. Never called while !wants_read() by more than one
  // receive buffer (64 KB).
  virtual void receive(base::ByteView bytes) = 0;

  // The peer will send nothing more (close_notify or FIN).
  virtual void receive_end() = 0;

  // Appends what is to be sent to `out`, stopping soon after `budget` bytes. Appending nothing means there is nothing
  // now.
  virtual void produce(base::Buffer& out, std::size_t budget) = 0;

  // There is nothing more to come out, though the peer may go on: a tunnel of which our direction has ended. The
  // connection passes that end on once what was produced is sent.
  virtual bool output_ended() const { return finished(); }

  // Whether more input can be taken: the back pressure of request bodies and pipelines.
  virtual bool wants_read() const = 0;

  // Bytes produced earlier have left the socket's queue: for the slow-reader deadline. Counted with or without TLS's
  // overhead, but nothing that was produced may stay unreported once it is sent.
  virtual void note_progress(std::size_t bytes_sent) = 0;
};

}  // namespace gate::http
