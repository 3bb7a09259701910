#pragma once

#include <ngtcp2/ngtcp2.h>

#include <cstddef>
#include <cstdint>

namespace gate::quic {

class Connection;

// The functions that the QUIC library calls; their `user_data` is the connection.
struct ConnectionCallbacks {
  static const ngtcp2_callbacks& server();
  static const ngtcp2_callbacks& client();

  // Randomness and qlog, whose functions are told of no connection.
  static void set_context(ngtcp2_settings& settings, Connection& connection);

  // Writes one packet with what the application has to send.
  static ngtcp2_ssize write_packet(ngtcp2_conn* native, ngtcp2_path* path, ngtcp2_pkt_info* info, std::uint8_t* room,
                                   std::size_t size, ngtcp2_tstamp now, void* user_data);
  // The application hears how much of its last output is on its way.
  static void tell_taken(Connection& connection);

  // Seals a packet.
  static int seal(std::uint8_t* out, const ngtcp2_crypto_aead* aead, const ngtcp2_crypto_aead_ctx* key,
                  const std::uint8_t* plain, std::size_t plain_size, const std::uint8_t* nonce, std::size_t nonce_size,
                  const std::uint8_t* header, std::size_t header_size);

 private:
  struct Handshake;
  struct Packets;
  struct Streams;
  struct Life;
  static ngtcp2_callbacks common();
};

}  // namespace gate::quic
