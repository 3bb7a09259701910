#include "quic/connection_callbacks.h"

#include <openssl/aead.h>

#include <array>
#include <utility>

#include "base/check.h"
#include "quic/connection.h"
#include "quic/keys.h"
#include "quic/native.h"

namespace gate::quic {

namespace {

Connection& self(void* user_data) { return *static_cast<Connection*>(user_data); }

tls::QuicLevel level_of(ngtcp2_encryption_level level) {
  switch (level) {
    case NGTCP2_ENCRYPTION_LEVEL_INITIAL: return tls::QuicLevel::kInitial;
    case NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE: return tls::QuicLevel::kHandshake;
    case NGTCP2_ENCRYPTION_LEVEL_1RTT: return tls::QuicLevel::kApplication;
    case NGTCP2_ENCRYPTION_LEVEL_0RTT: return tls::QuicLevel::kEarlyData;
  }
  return tls::QuicLevel::kInitial;
}

// Yields what a failed callback has to return.
int to_native(bool good) { return good ? 0 : NGTCP2_ERR_CALLBACK_FAILURE; }

}  // namespace

// What belongs to the handshake.
struct ConnectionCallbacks::Handshake {
  static int client_initial(ngtcp2_conn* native, void* user_data) {
    Connection& connection = self(user_data);
    const ngtcp2_cid* destination = ngtcp2_conn_get_dcid2(native);
    const std::uint32_t version = ngtcp2_conn_get_client_chosen_version2(native);
    if (!connection.install_initial_keys(version, native_bytes(destination->data, destination->datalen), false) ||
        !connection.give_parameters_to_tls()) {
      return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    connection.use_retry_key(version);
    return connection.advance_handshake(tls::QuicLevel::kInitial, {});
  }

  static int recv_client_initial(ngtcp2_conn* native, const ngtcp2_cid* destination, void* user_data) {
    const std::uint32_t version = ngtcp2_conn_get_client_chosen_version2(native);
    return to_native(
        self(user_data).install_initial_keys(version, native_bytes(destination->data, destination->datalen), false));
  }

  // RFC 9000 17.2.5.2: the Initial keys come from the id in the Retry packet.
  static int recv_retry(ngtcp2_conn* native, const ngtcp2_pkt_hd* header, void* user_data) {
    const std::uint32_t version = ngtcp2_conn_get_client_chosen_version2(native);
    return to_native(
        self(user_data).install_initial_keys(version, native_bytes(header->scid.data, header->scid.datalen), false));
  }

  // RFC 9368: both sides go on in another version.
  static int version_negotiation(ngtcp2_conn*, std::uint32_t version, const ngtcp2_cid* destination, void* user_data) {
    return to_native(
        self(user_data).install_initial_keys(version, native_bytes(destination->data, destination->datalen), true));
  }

  static int recv_crypto_data(ngtcp2_conn*, ngtcp2_encryption_level level, std::uint64_t, const std::uint8_t* data,
                              std::size_t size, void* user_data) {
    return self(user_data).advance_handshake(level_of(level), native_bytes(data, size));
  }

  static int handshake_completed(ngtcp2_conn*, void* user_data) {
    Connection& connection = self(user_data);
    connection.handshake_complete_ = true;
    connection.state_ = Connection::State::kOpen;
    if (connection.server_) {
      connection.give_address_token(connection.path());
    } else {
      connection.start_application();
    }
    connection.owner_.handshake_done(connection);
    return 0;
  }

  // A server may send half a round trip before the handshake's end. A client does not know the server's bounds yet.
  static int recv_tx_key(ngtcp2_conn*, ngtcp2_encryption_level level, void* user_data) {
    Connection& connection = self(user_data);
    if (level == NGTCP2_ENCRYPTION_LEVEL_1RTT && connection.server_) connection.start_application();
    return 0;
  }

  static int update_key(ngtcp2_conn* native, std::uint8_t* rx_secret, std::uint8_t* tx_secret,
                        ngtcp2_crypto_aead_ctx* rx_aead, std::uint8_t* rx_iv, ngtcp2_crypto_aead_ctx* tx_aead,
                        std::uint8_t* tx_iv, const std::uint8_t* current_rx_secret,
                        const std::uint8_t* current_tx_secret, std::size_t size, void*) {
    const Suite& suite = *suite_of(*ngtcp2_conn_get_crypto_ctx2(native));
    const std::uint32_t version = ngtcp2_conn_get_negotiated_version2(native);
    update_direction(suite, version, {current_rx_secret, size}, rx_secret, *rx_aead, rx_iv);
    update_direction(suite, version, {current_tx_secret, size}, tx_secret, *tx_aead, tx_iv);
    return 0;
  }
};

// What belongs to single packets.
struct ConnectionCallbacks::Packets {
  static int decrypt(std::uint8_t* out, const ngtcp2_crypto_aead*, const ngtcp2_crypto_aead_ctx* context,
                     const std::uint8_t* sealed, std::size_t sealed_size, const std::uint8_t* nonce,
                     std::size_t nonce_size, const std::uint8_t* header, std::size_t header_size) {
    std::size_t size = 0;
    const auto* key = static_cast<const EVP_AEAD_CTX*>(context->native_handle);
    const bool good = EVP_AEAD_CTX_open(key, out, &size, sealed_size, nonce, nonce_size, sealed, sealed_size, header,
                                        header_size) == 1;
    if (!good) forget_library_errors();
    return good ? 0 : NGTCP2_ERR_DECRYPT;
  }

  static int hp_mask(std::uint8_t* mask, const ngtcp2_crypto_cipher*, const ngtcp2_crypto_cipher_ctx* context,
                     const std::uint8_t* sample) {
    static_cast<const HeaderKey*>(context->native_handle)
        ->mask(std::as_writable_bytes(std::span<std::uint8_t, 5>(mask, 5)),
               std::as_bytes(std::span<const std::uint8_t, kSampleBytes>(sample, kSampleBytes)));
    return 0;
  }

  static void delete_aead(ngtcp2_conn*, ngtcp2_crypto_aead_ctx* context, void*) { free_key(*context); }
  static void delete_cipher(ngtcp2_conn*, ngtcp2_crypto_cipher_ctx* context, void*) { free_key(*context); }

  static void random(std::uint8_t* out, std::size_t size, const ngtcp2_rand_ctx* context) {
    self(context->native_handle).host_.fill_random(std::as_writable_bytes(std::span(out, size)));
  }

  static int path_challenge(ngtcp2_conn*, ngtcp2_path_challenge_data* data, void* user_data) {
    self(user_data).host_.fill_random(std::as_writable_bytes(std::span(data->data)));
    return 0;
  }
};

int ConnectionCallbacks::seal(std::uint8_t* out, const ngtcp2_crypto_aead*, const ngtcp2_crypto_aead_ctx* key,
                              const std::uint8_t* plain, std::size_t plain_size, const std::uint8_t* nonce,
                              std::size_t nonce_size, const std::uint8_t* header, std::size_t header_size) {
  std::size_t size = 0;
  return to_native(EVP_AEAD_CTX_seal(static_cast<const EVP_AEAD_CTX*>(key->native_handle), out, &size,
                                     plain_size + kTagBytes, nonce, nonce_size, plain, plain_size, header,
                                     header_size) == 1);
}

// What belongs to streams and datagrams: all of it the application's.
struct ConnectionCallbacks::Streams {
  static int received(ngtcp2_conn*, std::uint32_t flags, std::int64_t stream, std::uint64_t, const std::uint8_t* data,
                      std::size_t size, void* user_data, void*) {
    Connection& connection = self(user_data);
    connection.early_data_used_ |= (flags & NGTCP2_STREAM_DATA_FLAG_0RTT) != 0;
    if (connection.ending_) return 0;
    connection.application_->received(stream, native_bytes(data, size), (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0);
    return 0;
  }

  static int acknowledged(ngtcp2_conn*, std::int64_t stream, std::uint64_t, std::uint64_t count, void* user_data,
                          void*) {
    self(user_data).application_->acknowledged(stream, count);
    return 0;
  }

  static int closed(ngtcp2_conn*, std::uint32_t flags, std::int64_t stream, std::uint64_t code, void* user_data,
                    void*) {
    const bool with_code = (flags & NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET) != 0;
    self(user_data).application_->closed(stream, with_code ? std::optional(code) : std::nullopt);
    return 0;
  }

  static int reset_by_peer(ngtcp2_conn*, std::int64_t stream, std::uint64_t, std::uint64_t code, void* user_data,
                           void*) {
    Connection& connection = self(user_data);
    if (!connection.ending_) connection.application_->reset_by_peer(stream, code);
    return 0;
  }

  static int stopped_by_peer(ngtcp2_conn*, std::int64_t stream, std::uint64_t code, void* user_data, void*) {
    Connection& connection = self(user_data);
    if (!connection.ending_) connection.application_->stopped_by_peer(stream, code);
    return 0;
  }

  static int unblocked(ngtcp2_conn*, std::int64_t stream, std::uint64_t, void* user_data, void*) {
    Connection& connection = self(user_data);
    if (connection.application_) connection.application_->unblocked(stream);
    return 0;
  }

  static int datagram(ngtcp2_conn*, std::uint32_t, const std::uint8_t* data, std::size_t size, void* user_data) {
    Connection& connection = self(user_data);
    if (connection.application_ && !connection.ending_) connection.application_->datagram(native_bytes(data, size));
    return 0;
  }
};

// Ids and paths.
struct ConnectionCallbacks::Life {
  static int new_id(ngtcp2_conn*, ngtcp2_cid* id, ngtcp2_stateless_reset_token* token, std::size_t, void* user_data) {
    Connection& connection = self(user_data);
    const ConnectionId issued = connection.host_.issue_id(connection);
    *id = native_id(issued);
    base::copy_bytes(std::as_writable_bytes(std::span(token->data)), connection.host_.reset_token(issued));
    return 0;
  }

  static int retire_id(ngtcp2_conn*, const ngtcp2_cid* id, void* user_data) {
    self(user_data).host_.retire_id(id_of(*id));
    return 0;
  }

  static int path_validated(ngtcp2_conn*, std::uint32_t flags, const ngtcp2_path* path, const ngtcp2_path*,
                            ngtcp2_path_validation_result result, void* user_data) {
    if (result != NGTCP2_PATH_VALIDATION_RESULT_SUCCESS) return 0;
    Connection& connection = self(user_data);
    ++connection.migrations_;
    if (flags & NGTCP2_PATH_VALIDATION_FLAG_NEW_TOKEN) connection.give_address_token(path_of(*path));
    return 0;
  }

  static void qlog(void* user_data, std::uint32_t flags, const void* data, std::size_t size) {
    Connection& connection = self(user_data);
    connection.owner_.qlog(std::span(static_cast<const std::byte*>(data), size),
                           (flags & NGTCP2_QLOG_WRITE_FLAG_FIN) != 0);
  }
};

void ConnectionCallbacks::set_context(ngtcp2_settings& settings, Connection& connection) {
  settings.rand_ctx.native_handle = &connection;
  if (connection.settings_.qlog) settings.qlog_write = Life::qlog;
}

ngtcp2_callbacks ConnectionCallbacks::common() {
  ngtcp2_callbacks callbacks{};
  callbacks.recv_crypto_data = Handshake::recv_crypto_data;
  callbacks.handshake_completed = Handshake::handshake_completed;
  callbacks.recv_tx_key = Handshake::recv_tx_key;
  callbacks.update_key = Handshake::update_key;
  callbacks.version_negotiation = Handshake::version_negotiation;
  callbacks.encrypt = seal;
  callbacks.decrypt = Packets::decrypt;
  callbacks.hp_mask = Packets::hp_mask;
  callbacks.delete_crypto_aead_ctx = Packets::delete_aead;
  callbacks.delete_crypto_cipher_ctx = Packets::delete_cipher;
  callbacks.rand = Packets::random;
  callbacks.get_path_challenge_data2 = Packets::path_challenge;
  callbacks.recv_stream_data = Streams::received;
  callbacks.acked_stream_data_offset = Streams::acknowledged;
  callbacks.stream_close = Streams::closed;
  callbacks.stream_reset = Streams::reset_by_peer;
  callbacks.recv_stop_sending = Streams::stopped_by_peer;
  callbacks.extend_max_stream_data = Streams::unblocked;
  callbacks.recv_datagram = Streams::datagram;
  callbacks.get_new_connection_id2 = Life::new_id;
  callbacks.remove_connection_id = Life::retire_id;
  callbacks.path_validation = Life::path_validated;
  return callbacks;
}

const ngtcp2_callbacks& ConnectionCallbacks::server() {
  static const ngtcp2_callbacks kCallbacks = [] {
    ngtcp2_callbacks callbacks = common();
    callbacks.recv_client_initial = Handshake::recv_client_initial;
    return callbacks;
  }();
  return kCallbacks;
}

const ngtcp2_callbacks& ConnectionCallbacks::client() {
  static const ngtcp2_callbacks kCallbacks = [] {
    ngtcp2_callbacks callbacks = common();
    callbacks.client_initial = Handshake::client_initial;
    callbacks.recv_retry = Handshake::recv_retry;
    return callbacks;
  }();
  return kCallbacks;
}

namespace {

// One packet with datagrams in it, as many as fit. Positive: a finished packet. Zero: go on with streams.
ngtcp2_ssize write_datagrams(ngtcp2_conn* native, ngtcp2_path* path, ngtcp2_pkt_info* info, std::uint8_t* room,
                             std::size_t size, ngtcp2_tstamp now, std::deque<std::vector<std::byte>>& waiting,
                             std::uint64_t& number) {
  while (!waiting.empty()) {
    const auto& front = waiting.front();
    const ngtcp2_vec piece{native_room(std::span(waiting.front())), front.size()};
    int accepted = 0;
    const ngtcp2_ssize written = ngtcp2_conn_writev_datagram(native, path, info, room, size, &accepted,
                                                             NGTCP2_WRITE_DATAGRAM_FLAG_MORE, number, &piece, 1, now);
    if (accepted) {
      ++number;
      waiting.pop_front();
    }
    if (written == NGTCP2_ERR_WRITE_MORE) continue;
    if (written == NGTCP2_ERR_INVALID_ARGUMENT) {  // longer than the path takes now
      waiting.pop_front();
      continue;
    }
    return written;
  }
  return NGTCP2_ERR_WRITE_MORE;
}

const StreamOutput kNoOutput{};

}  // namespace

ngtcp2_ssize ConnectionCallbacks::write_packet(ngtcp2_conn* native, ngtcp2_path* path, ngtcp2_pkt_info* info,
                                               std::uint8_t* room, std::size_t size, ngtcp2_tstamp now,
                                               void* user_data) {
  Connection& connection = self(user_data);
  if (connection.handshake_complete_ && !connection.datagrams_.empty()) {
    const ngtcp2_ssize written =
        write_datagrams(native, path, info, room, size, now, connection.datagrams_, connection.datagram_number_);
    if (written != NGTCP2_ERR_WRITE_MORE) return written;
  }
  OutputUnderWay& under_way = connection.output_;
  for (;;) {
    // A shut window of the whole connection is no single stream's business, so it is not told of it.
    const bool speaks = connection.application_ && !connection.ending_ && ngtcp2_conn_get_max_data_left2(native) > 0;
    if (speaks && under_way.output.nothing()) under_way = {.output = connection.application_->next_output()};
    const StreamOutput& output = speaks ? under_way.output : kNoOutput;
    std::array<ngtcp2_vec, StreamOutput::kPiecesMax> pieces;
    for (std::size_t i = 0; i < output.count; ++i) {
      // The library reads them only, but its structure is not const.
      pieces[i] = {const_cast<std::uint8_t*>(native_data(output.pieces[i])), output.pieces[i].size()};
    }
    std::uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_NONE;
    // Packets of a train are equally long: one that is full but for a few octets is filled up.
    if (!output.nothing()) flags |= NGTCP2_WRITE_STREAM_FLAG_MORE | NGTCP2_WRITE_STREAM_FLAG_PADDING;
    if (output.last) flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
    ngtcp2_ssize taken = -1;
    const ngtcp2_ssize written = ngtcp2_conn_writev_stream(native, path, info, room, size, &taken, flags, output.stream,
                                                           pieces.data(), output.count, now);
    const StreamId stream = output.stream;
    if (taken >= 0 && under_way.take(static_cast<std::size_t>(taken))) tell_taken(connection);
    switch (written) {
      case NGTCP2_ERR_WRITE_MORE: continue;
      case NGTCP2_ERR_STREAM_DATA_BLOCKED:
        tell_taken(connection);
        connection.application_->blocked(stream);
        continue;
      case NGTCP2_ERR_STREAM_SHUT_WR:
      case NGTCP2_ERR_STREAM_NOT_FOUND:
        tell_taken(connection);
        connection.application_->shut(stream);
        continue;
      default: return written;
    }
  }
}

void ConnectionCallbacks::tell_taken(Connection& connection) {
  const OutputUnderWay under_way = std::exchange(connection.output_, {});
  const bool any = under_way.taken > 0 || (under_way.whole && !under_way.output.nothing());
  if (any) connection.application_->taken(under_way.output.stream, under_way.taken);
}

}  // namespace gate::quic
