// The connection's handshake: between TLS, which has the secrets and messages, and the QUIC library, which has the
// packets.

#include "base/check.h"
#include "quic/codes.h"
#include "quic/connection.h"
#include "quic/keys.h"
#include "quic/native.h"
#include "quic/transport_parameters.h"

namespace gate::quic {
namespace {

ngtcp2_encryption_level native_level(tls::QuicLevel level) {
  switch (level) {
    case tls::QuicLevel::kInitial: return NGTCP2_ENCRYPTION_LEVEL_INITIAL;
    case tls::QuicLevel::kEarlyData: return NGTCP2_ENCRYPTION_LEVEL_0RTT;
    case tls::QuicLevel::kHandshake: return NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE;
    case tls::QuicLevel::kApplication: return NGTCP2_ENCRYPTION_LEVEL_1RTT;
  }
  return NGTCP2_ENCRYPTION_LEVEL_INITIAL;
}

// The library has taken the keys unless it failed.
bool installed(int result, NativeKeys& keys) {
  if (result == 0) return true;
  free_key(keys.aead);
  free_key(keys.header);
  return false;
}

}  // namespace

bool Connection::install_initial_keys(std::uint32_t version, base::ByteView destination_id, bool for_negotiation) {
  const Suite& suite = initial_suite();
  const InitialSecrets secrets = initial_secrets(version, destination_id);
  NativeKeys reading = make_keys(suite, version, server_ ? secrets.client : secrets.server);
  NativeKeys writing = make_keys(suite, version, server_ ? secrets.server : secrets.client);
  ngtcp2_conn* native = native_.get();
  int result = 0;
  if (for_negotiation) {
    result = ngtcp2_conn_install_vneg_initial_key(native, version, &reading.aead, reading.iv.data(), &reading.header,
                                                  &writing.aead, writing.iv.data(), &writing.header, kIvBytes);
  } else {
    const ngtcp2_crypto_ctx context = native_suite(suite);
    ngtcp2_conn_set_initial_crypto_ctx(native, &context);
    result = ngtcp2_conn_install_initial_key(native, &reading.aead, reading.iv.data(), &reading.header, &writing.aead,
                                             writing.iv.data(), &writing.header, kIvBytes);
  }
  const bool kept = installed(result, reading);
  return installed(result, writing) && kept;
}

// RFC 9001 5.8: a client checks the tag of a Retry packet.
void Connection::use_retry_key(std::uint32_t version) {
  const RetryKey& key = retry_key(version);
  const Suite& suite = initial_suite();
  const ngtcp2_crypto_ctx context = native_suite(suite);
  ngtcp2_crypto_aead_ctx aead = make_aead(suite, key.key);
  ngtcp2_conn_set_retry_aead(native_.get(), &context.aead, &aead);
}

// Tells the library which suite the packets of a level have.
const Suite* Connection::use_suite(tls::QuicLevel level, std::uint16_t number) {
  const Suite* suite = find_suite(number);
  if (!suite) return nullptr;
  const ngtcp2_crypto_ctx context = native_suite(*suite);
  if (level == tls::QuicLevel::kEarlyData) {
    ngtcp2_conn_set_0rtt_crypto_ctx(native_.get(), &context);
  } else {
    ngtcp2_conn_set_crypto_ctx(native_.get(), &context);
  }
  return suite;
}

bool Connection::reading_secret(tls::QuicLevel level, std::uint16_t number, base::ByteView secret) {
  // A client gets no early data.
  if (level == tls::QuicLevel::kEarlyData && !server_) return true;
  ngtcp2_conn* native = native_.get();
  const bool early = level == tls::QuicLevel::kEarlyData;
  const Suite* suite = use_suite(level, number);
  if (!suite) return false;
  if (level == tls::QuicLevel::kApplication && !server_ && !take_parameters_from_tls()) return false;
  const std::uint32_t version =
      early ? ngtcp2_conn_get_client_chosen_version2(native) : ngtcp2_conn_get_negotiated_version2(native);
  NativeKeys keys = make_keys(*suite, version, secret);
  switch (level) {
    case tls::QuicLevel::kEarlyData:
      return installed(ngtcp2_conn_install_0rtt_key(native, &keys.aead, keys.iv.data(), kIvBytes, &keys.header), keys);
    case tls::QuicLevel::kHandshake:
      return installed(ngtcp2_conn_install_rx_handshake_key(native, &keys.aead, keys.iv.data(), kIvBytes, &keys.header),
                       keys);
    case tls::QuicLevel::kApplication:
      return installed(ngtcp2_conn_install_rx_key(native, native_data(secret), secret.size(), &keys.aead,
                                                  keys.iv.data(), kIvBytes, &keys.header),
                       keys);
    case tls::QuicLevel::kInitial: break;
  }
  GATE_CHECK(false);
  return false;
}

bool Connection::writing_secret(tls::QuicLevel level, std::uint16_t number, base::ByteView secret) {
  // A server sends no early data.
  if (level == tls::QuicLevel::kEarlyData && server_) return true;
  ngtcp2_conn* native = native_.get();
  const bool early = level == tls::QuicLevel::kEarlyData;
  // The version is settled by the client's parameters (RFC 9368).
  const bool first_of_server = level == tls::QuicLevel::kHandshake && server_;
  if (first_of_server && !take_parameters_from_tls()) return false;
  const Suite* suite = use_suite(level, number);
  if (!suite) return false;
  const std::uint32_t version =
      early ? ngtcp2_conn_get_client_chosen_version2(native) : ngtcp2_conn_get_negotiated_version2(native);
  NativeKeys keys = make_keys(*suite, version, secret);
  switch (level) {
    case tls::QuicLevel::kEarlyData:
      return installed(ngtcp2_conn_install_0rtt_key(native, &keys.aead, keys.iv.data(), kIvBytes, &keys.header), keys);
    case tls::QuicLevel::kHandshake:
      return installed(ngtcp2_conn_install_tx_handshake_key(native, &keys.aead, keys.iv.data(), kIvBytes, &keys.header),
                       keys) &&
             (!first_of_server || give_parameters_to_tls());
    case tls::QuicLevel::kApplication:
      return installed(ngtcp2_conn_install_tx_key(native, native_data(secret), secret.size(), &keys.aead,
                                                  keys.iv.data(), kIvBytes, &keys.header),
                       keys);
    case tls::QuicLevel::kInitial: break;
  }
  GATE_CHECK(false);
  return false;
}

bool Connection::handshake_bytes(tls::QuicLevel level, base::ByteView bytes) {
  return ngtcp2_conn_submit_crypto_data(native_.get(), native_level(level), native_data(bytes), bytes.size()) == 0;
}

void Connection::alert(std::uint8_t description) { ngtcp2_conn_set_tls_alert(native_.get(), description); }

void Connection::early_data_refused() { GATE_CHECK(ngtcp2_conn_tls_early_data_rejected(native_.get()) == 0); }

bool Connection::give_parameters_to_tls() {
  constexpr std::size_t kParametersMax = 512;
  std::array<std::byte, kParametersMax> room;
  const ngtcp2_ssize size = ngtcp2_conn_encode_local_transport_params2(native_.get(), native_room(room), room.size());
  return size >= 0 && handshake_.set_transport_parameters(std::span(room).first(static_cast<std::size_t>(size)));
}

bool Connection::take_parameters_from_tls() {
  const base::ByteView encoded = handshake_.peer_transport_parameters();
  // RFC 9000 7.4: "An endpoint SHOULD treat receipt of duplicate transport parameters as a connection error of type
  // TRANSPORT_PARAMETER_ERROR."
  const int result = repeat_a_parameter(encoded) ? NGTCP2_ERR_MALFORMED_TRANSPORT_PARAM
                                                 : ngtcp2_conn_decode_and_set_remote_transport_params(
                                                       native_.get(), native_data(encoded), encoded.size());
  if (result == 0) return true;
  // The library turns this into TRANSPORT_PARAMETER_ERROR.
  ngtcp2_conn_set_tls_error(native_.get(), result);
  return false;
}

// Yields what the library's callback has to return.
int Connection::advance_handshake(tls::QuicLevel level, base::ByteView bytes) {
  const bool was_complete = handshake_complete_;
  switch (handshake_.receive(level, bytes)) {
    case tls::QuicHandshake::Step::kNeedMore: return 0;
    case tls::QuicHandshake::Step::kDone:
      if (!was_complete) ngtcp2_conn_tls_handshake_completed(native_.get());
      return 0;
    case tls::QuicHandshake::Step::kFailed: break;
  }
  const int cause = ngtcp2_conn_get_tls_error2(native_.get());
  return cause != 0 ? cause : NGTCP2_ERR_CRYPTO;
}

void Connection::start_application() {
  if (application_) return;
  application_ = owner_.make_application(*this);
  application_->start();
}

void Connection::give_address_token(const Path& path) {
  const std::vector<std::byte> token = host_.address_token(path);
  if (token.empty()) return;
  GATE_CHECK(ngtcp2_conn_submit_new_token(native_.get(), native_data(token), token.size()) == 0);
}

}  // namespace gate::quic
