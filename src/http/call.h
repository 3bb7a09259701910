#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "http/body.h"
#include "http/fields.h"
#include "http/method.h"
#include "http/proxied_connection.h"

namespace gate::http {

class Call;

// Why a call came to no response, or its response to no end: the error types of RFC 9209 2.3.
enum class CallFault : std::uint8_t {
  kDnsTimeout,
  kDnsError,
  kConnectionRefused,
  kConnectionTimeout,
  kConnectionLimitReached,  // it waited too long for its turn
  kConnectionTerminated,    // the connection ended before the response began
  kConnectionWriteTimeout,  // the server did not take the request
  kTlsCertificateError,
  kTlsProtocolError,
  kResponseTimeout,     // the response did not begin, or stopped coming
  kResponseIncomplete,  // the connection ended inside the response
  kProtocolError,       // the response breaks the rules
  kHeaderTooLarge,
  kUpgradeFailed,  // the server cannot be asked to switch protocols
  kRequestFailed,  // the request's own body could not be completed
};
inline constexpr std::size_t kCallFaults = static_cast<std::size_t>(CallFault::kRequestFailed) + 1;

// "connection_refused": RFC 9209 2.3.
std::string_view to_string(CallFault fault);

// What the server may have done with a request that failed. Decides whether it may be sent once more.
enum class Delivered : std::uint8_t {
  kNothing,   // none of it was taken: it may be sent again, whatever it is
  kMaybe,     // it may have been acted on: only what is idempotent may be sent again (RFC 9110 9.2.2)
  kAnswered,  // a response had begun
};

struct CallFailure {
  CallFault fault = CallFault::kConnectionTerminated;
  Delivered delivered = Delivered::kMaybe;
  std::string_view reason{};  // static text
  // The server is well, has not looked at the request and takes it on another connection or a little later (GOAWAY,
  // REFUSED_STREAM). Only with kNothing.
  bool put_off = false;
};

// What carries a call: the driver of a connection, or the pool while there is none yet.
class CallDriver {
 public:
  // The response's body has room again.
  virtual void body_has_room(Call& call) = 0;

  // Nobody is interested any more. The driver forgets the call.
  virtual void cancel(Call& call) = 0;

 protected:
  ~CallDriver() = default;
};

// Who made a call. May do anything but start another call on the same connection, or destroy this one, from within.
class CallListener {
 public:
  // An interim response other than 100 and 101 (RFC 9110 15.2). Called any number of times before responded().
  virtual void informed(Call& call, std::uint16_t status, const FieldList& fields) = 0;

  // The head of the final response is there, and its body can be pulled. With status 101 the body is what the server
  // sends after the switch; what it is to be sent is set as the request's body now.
  virtual void responded(Call& call) = 0;

  // There will be no response. Afterwards the call is its maker's alone, and may be started again.
  virtual void failed(Call& call, const CallFailure& failure) = 0;

 protected:
  ~CallListener() = default;
};

// The body of a response: fed by the driver with what arrives, pulled by whoever wants it. Outlives its connection.
class CallBody final : public BodySource {
 public:
  // Full enough to stop reading from the server, unless more is allowed: the client is slower.
  static constexpr std::size_t kBufferedBytesMax = 64 * 1024;

  CallBody(Call& call, base::Arena& arena) : call_(call), trailers_(arena) {}

  BodyRead read(std::span<std::byte> into) override;
  std::optional<std::uint64_t> length() const override { return length_; }
  const FieldList* trailers() const override { return trailers_.empty() ? nullptr : &trailers_; }
  void allow(std::size_t buffered_bytes_max) { buffered_bytes_max_ = buffered_bytes_max; }

  // The driver's side.
  void set_length(std::optional<std::uint64_t> length) { length_ = length; }
  void feed(base::ByteView data);
  void end();
  void fail();
  bool has_room() const { return buffered_.size() < buffered_bytes_max_; }
  bool open() const { return state_ == State::kOpen; }
  FieldList& received_trailers() { return trailers_; }
  void reset();

 private:
  enum class State : std::uint8_t { kOpen, kEnded, kFailed };
  void wake_reader();

  Call& call_;
  FieldList trailers_;
  base::Buffer buffered_;
  std::size_t buffered_bytes_max_ = kBufferedBytesMax;
  std::optional<std::uint64_t> length_;
  State state_ = State::kOpen;
  bool reader_waits_ = false;
  bool was_full_ = false;
};

// One request to another server and its response: the mirror image of an Exchange. Made by who asks, carried by a
// driver, and cancelled by its destruction. Everything it refers to lives as long as the call; what it receives lives
// in the arena.
class Call {
 public:
  struct Request {
    Method method = Method::kGet;
    std::string_view method_text = "GET";
    std::string_view scheme = "https";
    std::string_view authority;         // Host, :authority
    std::string_view target = "/";      // origin-form, or "*"
    std::string_view upgrade;           // the protocol to switch to, such as "websocket"; else empty
    const FieldList* fields = nullptr;  // without Host, Connection and what the driver writes itself
    BodySource* body = nullptr;         // null: none. Its length, where known, is kept to
    bool takes_trailers = false;        // who asks wants the response's trailers (TE: trailers)
    bool body_expected = false;         // the method usually has one: its absence is said (Content-Length: 0)
    // What a program is told by way of CGI (RFC 3875 4.1), in place of all above but method and body; names as is.
    const FieldList* parameters = nullptr;
    // For servers that are told ahead of the connection; none: the call is made on our own account.
    std::optional<ProxiedConnection> on_behalf_of{};
  };

  struct Response {
    // A program that complains without end.
    static constexpr std::size_t kDiagnosticsBytesMax = 1024;

    explicit Response(base::Arena& arena) : fields(arena) {}
    std::uint16_t status = 0;
    FieldList fields;  // as they came, but for the framing's
    bool has_body = false;
    std::string diagnostics;  // what a program said beside its response, as far as it was kept; it is for the log
  };

  // What a call waited for before its request was sent, or before it failed.
  struct Waits {
    base::Duration queue{};    // for a connection to become free
    base::Duration connect{};  // for its own connection to be made; zero on one that was there
  };

  Call(base::Arena& arena, CallListener& listener)
      : arena_(arena), listener_(listener), response(arena), body_(*this, arena) {}
  ~Call() { cancel(); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Gives up what is under way.
  void cancel() {
    if (driver_) std::exchange(driver_, nullptr)->cancel(*this);
  }

  CallBody& body() { return body_; }
  const CallBody& body() const { return body_; }
  // Forgets what was received, so that the call can be started again. After failed(), or instead of taking the
  // response.
  void restart();

  // Bytes of the request's body that were pulled: such a request cannot be sent once more, unless its body can be read
  // from the beginning again.
  std::uint64_t request_body_bytes = 0;

  Waits waits;  // filled in by whoever finds it a connection

  // The driver's side.
  base::Arena& arena() { return arena_; }
  CallDriver* driver() const { return driver_; }
  void attach(CallDriver& driver) { driver_ = &driver; }
  // The driver is done with it: everything is received and sent.
  void detach() { driver_ = nullptr; }
  void inform(std::uint16_t status, const FieldList& fields) { listener_.informed(*this, status, fields); }
  void respond() {
    responded_ = true;
    listener_.responded(*this);
  }
  // Detaches, and tells whoever waits: the listener, or the reader of the body once there is a response.
  void fail(CallFailure failure);

  bool responded() const { return responded_; }
  // Why the body failed, for the log.
  const std::optional<CallFailure>& failure() const { return failure_; }

 private:
  base::Arena& arena_;
  CallListener& listener_;
  CallDriver* driver_ = nullptr;

 public:
  Request request;
  Response response;

 private:
  CallBody body_;
  std::optional<CallFailure> failure_;
  bool responded_ = false;
};

}  // namespace gate::http
