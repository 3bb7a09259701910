#include "tls/quic_handshake.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/check.h"
#include "cert/native.h"
#include "tls/client_impl.h"
#include "tls/failure.h"
#include "tls/negotiated.h"
#include "tls/negotiation.h"
#include "tls/server_impl.h"

namespace gate::tls {

namespace {

QuicLevel level_of(ssl_encryption_level_t level) {
  switch (level) {
    case ssl_encryption_initial: return QuicLevel::kInitial;
    case ssl_encryption_early_data: return QuicLevel::kEarlyData;
    case ssl_encryption_handshake: return QuicLevel::kHandshake;
    case ssl_encryption_application: return QuicLevel::kApplication;
  }
  return QuicLevel::kInitial;
}

ssl_encryption_level_t native_level(QuicLevel level) {
  switch (level) {
    case QuicLevel::kInitial: return ssl_encryption_initial;
    case QuicLevel::kEarlyData: return ssl_encryption_early_data;
    case QuicLevel::kHandshake: return ssl_encryption_handshake;
    case QuicLevel::kApplication: return ssl_encryption_application;
  }
  return ssl_encryption_initial;
}

}  // namespace

// The functions the library calls in place of writing records.
struct QuicCallbacks {
  static QuicHandshake& self(const SSL* ssl) { return *negotiation_of(ssl)->quic; }

  static int set_read_secret(SSL* ssl, ssl_encryption_level_t level, const SSL_CIPHER* cipher,
                             const std::uint8_t* secret, std::size_t size) {
    return self(ssl).owner_.reading_secret(level_of(level), SSL_CIPHER_get_protocol_id(cipher),
                                           cert::native_bytes(secret, size));
  }

  static int set_write_secret(SSL* ssl, ssl_encryption_level_t level, const SSL_CIPHER* cipher,
                              const std::uint8_t* secret, std::size_t size) {
    return self(ssl).owner_.writing_secret(level_of(level), SSL_CIPHER_get_protocol_id(cipher),
                                           cert::native_bytes(secret, size));
  }

  static int add_handshake_data(SSL* ssl, ssl_encryption_level_t level, const std::uint8_t* data, std::size_t size) {
    QuicHandshake& handshake = self(ssl);
    handshake.facts_.bytes_out += size;
    return handshake.owner_.handshake_bytes(level_of(level), cert::native_bytes(data, size));
  }

  static int flush_flight(SSL*) { return 1; }

  static int send_alert(SSL* ssl, ssl_encryption_level_t, std::uint8_t description) {
    self(ssl).owner_.alert(description);
    return 1;
  }

  static constexpr SSL_QUIC_METHOD kMethod = {.set_read_secret = set_read_secret,
                                              .set_write_secret = set_write_secret,
                                              .add_handshake_data = add_handshake_data,
                                              .flush_flight = flush_flight,
                                              .send_alert = send_alert};
};

void QuicHandshake::FreeSsl::operator()(ssl_st* ssl) const { SSL_free(ssl); }

QuicHandshake::QuicHandshake(std::shared_ptr<const ServerContext> context, const base::IpAddress& local_address,
                             std::string_view promises, const base::Clock& clock, QuicHandshakeOwner& owner)
    : clock_(clock),
      owner_(owner),
      negotiation_(std::make_unique<Negotiation>(facts_)),
      ssl_(context->impl().make_ssl().release()) {
  negotiation_->server = &context->impl();
  negotiation_->local_address = local_address;
  context_ = std::move(context);
  begin();
  const auto remembered = std::as_bytes(std::span(promises));
  GATE_CHECK(SSL_set_quic_early_data_context(ssl_.get(), cert::native_data(remembered), remembered.size()));
}

QuicHandshake::QuicHandshake(std::shared_ptr<const ClientContext> context, const ClientTarget& target,
                             const base::Clock& clock, QuicHandshakeOwner& owner)
    : clock_(clock),
      owner_(owner),
      negotiation_(std::make_unique<Negotiation>(facts_)),
      ssl_(context->impl().make_ssl(target).release()) {
  negotiation_->client = &context->impl();
  negotiation_->server_name = target.server_name;
  context_ = std::move(context);
  begin();
}

QuicHandshake::~QuicHandshake() = default;

void QuicHandshake::begin() {
  negotiation_->quic = this;
  negotiation_->started = clock_.now();
  negotiation_->clock = &clock_;
  attach(ssl_.get(), negotiation_.get());
  GATE_CHECK(SSL_set_min_proto_version(ssl_.get(), TLS1_3_VERSION));
  GATE_CHECK(SSL_set_quic_method(ssl_.get(), &QuicCallbacks::kMethod));
}

bool QuicHandshake::set_transport_parameters(base::ByteView encoded) {
  return SSL_set_quic_transport_params(ssl_.get(), cert::native_data(encoded), encoded.size()) == 1;
}

base::ByteView QuicHandshake::peer_transport_parameters() const {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  SSL_get_peer_quic_transport_params(ssl_.get(), &data, &size);
  return cert::native_bytes(data, size);
}

QuicHandshake::Step QuicHandshake::receive(QuicLevel level, base::ByteView bytes) {
  if (failure_) return Step::kFailed;
  facts_.bytes_in += bytes.size();
  if (!bytes.empty() &&
      SSL_provide_quic_data(ssl_.get(), native_level(level), cert::native_data(bytes), bytes.size()) != 1) {
    return fail();
  }
  if (done_) return SSL_process_quic_post_handshake(ssl_.get()) == 1 ? Step::kDone : fail();
  for (;;) {
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) {
      note_negotiated(ssl_.get(), facts_);  // requests in early data are logged before the end
      return SSL_in_early_data(ssl_.get()) ? Step::kNeedMore : finish();
    }
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ: return Step::kNeedMore;
      case SSL_ERROR_EARLY_DATA_REJECTED:
        SSL_reset_early_data_reject(ssl_.get());
        owner_.early_data_refused();
        break;
      default: return fail();
    }
  }
}

QuicHandshake::Step QuicHandshake::finish() {
  facts_.duration = clock_.now() - *negotiation_->started;
  done_ = true;
  return SSL_process_quic_post_handshake(ssl_.get()) == 1 ? Step::kDone : fail();
}

QuicHandshake::Step QuicHandshake::fail() {
  failure_ = std::make_unique<base::Error>(explain_failure(negotiation_.get()));
  return Step::kFailed;
}

const base::Error& QuicHandshake::failure() const {
  GATE_CHECK(failure_ != nullptr);
  return *failure_;
}

bool QuicHandshake::early_data_accepted() const { return SSL_early_data_accepted(ssl_.get()) == 1; }

std::optional<Session> QuicHandshake::take_session() {
  if (negotiation_->session == nullptr) return std::nullopt;
  Session session = std::move(*negotiation_->session);
  negotiation_->session.reset();
  return session;
}

}  // namespace gate::tls
