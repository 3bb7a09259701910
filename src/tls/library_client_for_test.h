#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <utility>

#include "base/check.h"
#include "cert/native.h"
#include "tls/pair_for_test.h"

namespace gate::tls::for_test {

// A client that is the library's own object: it does what no client of ours would. Believes whoever answers.
class LibraryClient {
 public:
  explicit LibraryClient(bssl::UniquePtr<SSL_CTX> context) : context_(std::move(context)) {
    SSL_CTX_set_custom_verify(context_.get(), SSL_VERIFY_PEER, [](SSL*, std::uint8_t*) { return ssl_verify_ok; });
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_connect_state(ssl_.get());
    SSL_set_tlsext_host_name(ssl_.get(), "example.com");
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  }

  void handshake(End& server) {
    for (int round = 0; round < 4; ++round) {
      SSL_do_handshake(ssl());
      say(server);
      server.handshake();
      hear(server);
    }
    GATE_CHECK(!SSL_in_init(ssl()) && server.step == Step::kDone);
  }

 protected:
  SSL* ssl() const { return ssl_.get(); }

  // What it has written goes to the server.
  void say(End& server) {
    server.received.append(cert::text_of(SSL_get_wbio(ssl())));
    BIO_reset(SSL_get_wbio(ssl()));
  }
  void hear(End& server) {
    BIO_write(SSL_get_rbio(ssl()), server.sent.view().data(), static_cast<int>(server.sent.size()));
    server.sent.clear();
  }

 private:
  bssl::UniquePtr<SSL_CTX> context_;
  bssl::UniquePtr<SSL> ssl_;
};

}  // namespace gate::tls::for_test
