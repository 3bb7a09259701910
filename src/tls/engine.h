#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/ip.h"
#include "tls/client.h"
#include "tls/facts.h"
#include "tls/server_context.h"

struct ssl_st;

namespace gate::cert {
class Certificate;
}

namespace gate::tls {

class RecordLayer;
class TurnBio;
struct Negotiation;

// What an engine call came to.
enum class Step : std::uint8_t {
  kDone,      // handshake: established. read: bytes were delivered
  kNeedRead,  // all input is used; call again with more
  kNeedName,  // handshake: the server gets a certificate for the name; call again, with the rest, when it is there
  kEnd,       // the peer closed properly (close_notify); only writing is left
  kFailed,    // over; `failure()` says why. What is in the output (an alert) should still be sent
};

std::string_view to_string(Step step);

// The bytes of one turn: what was received, and where TLS records to send are appended. Engines take from the front
// of `input` and keep nothing of it: incomplete records are copied, so the memory is free after each call.
struct Io {
  base::ByteView input;
  base::Buffer& output;
};

// TLS for one connection, without a socket: bytes in, bytes out. Never blocks and never waits for the output to be
// sent; the caller bounds the output by writing no more while it holds much.
//
// An idle engine holds no buffers; those of a handshake are freed when it ends. Belongs to one worker.
class Engine {
 public:
  // With so much room for what is read no byte is copied twice: an encrypted record of the greatest length.
  static constexpr std::size_t kReadBytes = 16 * 1024 + 256;

  // The server's side of a connection that arrived at `local_address`. `clock` outlives the engine.
  Engine(std::shared_ptr<const ServerContext> context, const base::IpAddress& local_address, const base::Clock& clock);

  // The client's side.
  Engine(std::shared_ptr<const ClientContext> context, const ClientTarget& target, const base::Clock& clock);

  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Advances the handshake: kDone (once done, always kDone), kNeedRead, kNeedName or kFailed. On failure with
  // kPlainHttp the input is untouched and nothing was written, so that the caller can answer in plain HTTP.
  Step handshake(Io& io);

  // Whether the first bytes of the handshake are this side's: the client's.
  bool speaks_first() const;

  bool in_handshake() const { return phase_ == Phase::kHandshake; }

  // After kNeedName: the next call goes on without the certificate, which fails unless it is there by then.
  void stop_waiting();

  // Decrypts into `into` as much as there is and fits; `count` is the number of bytes delivered. kDone with
  // count > 0: more may follow, call again. kNeedRead, kEnd, kFailed: count is 0. Only after the handshake.
  Step read(Io& io, std::span<std::byte> into, std::size_t& count);

  // Encrypts all of `plaintext` into the output, in records of at most 16 KiB. False: the connection has failed
  // or was closed from this side.
  [[nodiscard]] bool write(Io& io, base::ByteView plaintext);

  // The connection is open and stays so for now: worth a few microseconds for less memory and faster records. A server
  // with TLS 1.3 goes on without the library's object, which is most of an idle engine. Idempotent.
  void settle() {
    if (ssl_ && phase_ == Phase::kOpen && !closed_) leave_library();
  }

  // Says close_notify. Reading stays possible until the peer's. Idempotent.
  void close(Io& io);

  // The socket reached its end. kEnd if the peer had said close_notify; else kFailed with kClosedInHandshake or
  // kTruncated, which lets the caller tell a complete message from a cut one (RFC 8446 6.1).
  Step end_of_input();

  const Facts& facts() const { return facts_; }

  // What the server has proved itself with, once a client's handshake is done; nothing where it has not, or where it
  // cannot be read.
  std::optional<cert::Certificate> peer_certificate() const;

  // Why the engine failed. Only after kFailed.
  const base::Error& failure() const;

  // After a failure with kEchRejected: the ECHConfigList to try again with; empty: the server has none, try without.
  std::vector<std::byte> ech_retry_configs() const;

  // A client's newest session for resumption; a TLS 1.3 server sends it after the handshake, so read first.
  std::optional<Session> take_session();

 private:
  enum class Phase : std::uint8_t { kHandshake, kOpen, kEnded, kFailed };
  struct FreeSsl {
    void operator()(ssl_st* ssl) const;
  };

  void begin();
  Step finish_handshake();
  Step read_records(Io& io, std::span<std::byte> into, std::size_t& count);
  bool write_by_library(Io& io, base::ByteView plaintext);
  void leave_library();
  bool take_pending_output(base::Buffer& pending);
  Step step_after(int result);
  Step fail(base::Error error);

  const base::Clock& clock_;
  std::shared_ptr<const void> context_;  // keeps what the library's object refers to alive
  const TurnBio& bio_;
  std::unique_ptr<ssl_st, FreeSsl> ssl_;  // null once there are records_; bio_ and context_ are for it alone
  std::unique_ptr<RecordLayer> records_;
  std::unique_ptr<Negotiation> negotiation_;
  std::unique_ptr<base::Error> failure_;
  Facts facts_;
  std::uint64_t whole_at_ = 0;  // so many bytes had come when the library last was between two messages for certain
  Phase phase_ = Phase::kHandshake;
  bool closed_ = false;
};

}  // namespace gate::tls
