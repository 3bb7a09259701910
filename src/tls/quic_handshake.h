#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/ip.h"
#include "tls/client.h"
#include "tls/facts.h"
#include "tls/server_context.h"

struct ssl_st;

namespace gate::tls {

struct Negotiation;
struct QuicCallbacks;

// RFC 9001 4: the levels at which QUIC protects packets.
enum class QuicLevel : std::uint8_t { kInitial, kEarlyData, kHandshake, kApplication };

// The QUIC connection that a handshake belongs to. Called from within QuicHandshake's functions. What returns a bool
// says whether the handshake may go on.
class QuicHandshakeOwner {
 public:
  // From now on packets of `level` can be opened, or sealed, with keys made of `secret` for the suite of that number.
  virtual bool reading_secret(QuicLevel level, std::uint16_t suite, base::ByteView secret) = 0;
  virtual bool writing_secret(QuicLevel level, std::uint16_t suite, base::ByteView secret) = 0;
  // Handshake messages to be carried by CRYPTO frames of `level`.
  virtual bool handshake_bytes(QuicLevel level, base::ByteView bytes) = 0;
  // The handshake has failed; the connection is to end with CRYPTO_ERROR (RFC 9001 4.8).
  virtual void alert(std::uint8_t description) = 0;
  // A client's early data was refused: what was sent of it has to be sent again.
  virtual void early_data_refused() = 0;

 protected:
  ~QuicHandshakeOwner() = default;
};

// The TLS 1.3 handshake of a QUIC connection (RFC 9001): messages without records, and the secrets handed out. Chooses
// site, certificate and parameters as Engine does.
class QuicHandshake {
 public:
  enum class Step : std::uint8_t { kNeedMore, kDone, kFailed };

  // `promises` stands for what a client remembers of the server to send early data by; another text, and its early data
  // is refused.
  QuicHandshake(std::shared_ptr<const ServerContext> context, const base::IpAddress& local_address,
                std::string_view promises, const base::Clock& clock, QuicHandshakeOwner& owner);
  QuicHandshake(std::shared_ptr<const ClientContext> context, const ClientTarget& target, const base::Clock& clock,
                QuicHandshakeOwner& owner);
  ~QuicHandshake();
  QuicHandshake(const QuicHandshake&) = delete;
  QuicHandshake& operator=(const QuicHandshake&) = delete;

  // RFC 9001 8.2. A client sets its parameters before the first step, a server when its handshake secret is made.
  [[nodiscard]] bool set_transport_parameters(base::ByteView encoded);
  // Empty until the peer's message with them was read. Valid as long as this object.
  base::ByteView peer_transport_parameters() const;

  // A client's first step takes no bytes. Also takes what comes after the handshake (session tickets).
  Step receive(QuicLevel level, base::ByteView bytes);

  // After Step::kFailed there is a failure.
  bool failed() const { return failure_ != nullptr; }
  const base::Error& failure() const;

  // Whether the client's early data is taken: known once the server has answered the ClientHello.
  bool early_data_accepted() const;

  // A client's ticket, once one has come.
  std::optional<Session> take_session();

  // Grows during the handshake; constant afterwards.
  const Facts& facts() const { return facts_; }

 private:
  friend struct QuicCallbacks;

  struct FreeSsl {
    void operator()(ssl_st* ssl) const;
  };

  void begin();
  Step finish();
  Step fail();

  const base::Clock& clock_;
  QuicHandshakeOwner& owner_;
  Facts facts_;
  std::shared_ptr<const void> context_;  // of either side; outlives the library's object
  std::unique_ptr<Negotiation> negotiation_;
  std::unique_ptr<ssl_st, FreeSsl> ssl_;
  std::unique_ptr<base::Error> failure_;
  bool done_ = false;
};

}  // namespace gate::tls
