// The same figures for the system's OpenSSL, set up as a careful server sets it up. Built against the system's headers
// and libraries only, so it stands in a process of its own.
#include <malloc.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "bench/handshake/measure.h"

namespace gate::bench {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

template <auto Function>
struct Free {
  template <class T>
  void operator()(T* object) const {
    Function(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using X509Pointer = std::unique_ptr<X509, Free<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using Connection = std::unique_ptr<SSL, Free<SSL_free>>;
using Session = std::unique_ptr<SSL_SESSION, Free<SSL_SESSION_free>>;

X509Pointer certificate(EVP_PKEY* key, const char* name, X509* issuer, EVP_PKEY* issuer_key) {
  X509Pointer x509(X509_new());
  X509_set_version(x509.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 4711);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 86400);
  X509_set_pubkey(x509.get(), key);
  const auto* text = reinterpret_cast<const unsigned char*>(name);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509.get()), "CN", MBSTRING_ASC, text, -1, -1, 0);
  X509_set_issuer_name(x509.get(), X509_get_subject_name(issuer == nullptr ? x509.get() : issuer));
  require(X509_sign(x509.get(), issuer_key, EVP_sha256()) > 0);
  return x509;
}

Context server_with(EVP_PKEY* key) {
  const Key issuer_key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const X509Pointer issuer = certificate(issuer_key.get(), "issuer", nullptr, issuer_key.get());
  const X509Pointer leaf = certificate(key, "localhost", issuer.get(), issuer_key.get());
  Context ctx(SSL_CTX_new(TLS_server_method()));
  require(SSL_CTX_use_certificate(ctx.get(), leaf.get()) && SSL_CTX_use_PrivateKey(ctx.get(), key) &&
          SSL_CTX_add1_chain_cert(ctx.get(), issuer.get()));
  SSL_CTX_set_options(ctx.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(ctx.get(), 1);
  return ctx;
}

struct Case {
  const char* name;
  const Context& server;
  int version;
  const char* groups;
  bool resumed = false;
};

Connection connection_of(const Context& ctx, bool is_server) {
  Connection ssl(SSL_new(ctx.get()));
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  is_server ? SSL_set_accept_state(ssl.get()) : SSL_set_connect_state(ssl.get());
  char name[] = "localhost";  // SSL_set_tlsext_host_name is a macro with C casts
  if (!is_server) SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name);
  return ssl;
}

void carry(const Connection& from, const Connection& to) {
  char* data = nullptr;
  BIO* source = SSL_get_wbio(from.get());
  const long size = BIO_get_mem_data(source, &data);
  if (size > 0) BIO_write(SSL_get_rbio(to.get()), data, static_cast<int>(size));
  (void)BIO_reset(source);
}

void step(const Connection& ssl) { SSL_do_handshake(ssl.get()); }

void run_batch(const Case& test, const Context& client_ctx, SSL_SESSION* session, Stopwatch& watch) {
  std::vector<Connection> clients, servers(kBatch);
  std::vector<std::vector<char>> hellos;
  for (int i = 0; i < kBatch; ++i) {
    clients.push_back(connection_of(client_ctx, false));
    const Session copy(session == nullptr ? nullptr : SSL_SESSION_dup(session));  // OpenSSL uses a ticket once
    if (copy != nullptr) SSL_set_session(clients.back().get(), copy.get());
    step(clients.back());
  }
  watch.start();
  for (int i = 0; i < kBatch; ++i) {
    servers[i] = connection_of(test.server, true);
    carry(clients[i], servers[i]);
    step(servers[i]);
  }
  watch.stop();
  for (int i = 0; i < kBatch; ++i) {
    carry(servers[i], clients[i]);
    step(clients[i]);
  }
  watch.start();
  for (int i = 0; i < kBatch; ++i) {
    carry(clients[i], servers[i]);
    step(servers[i]);
    require(SSL_is_init_finished(servers[i].get()) && SSL_session_reused(servers[i].get()) == test.resumed);
    require(SSL_write(servers[i].get(), "x", 1) == 1);
    servers[i].reset();
  }
  watch.stop();
}

SSL_SESSION* newest_session = nullptr;

int keep_session(SSL*, SSL_SESSION* session) {
  SSL_SESSION_free(newest_session);
  newest_session = session;
  return 1;
}

Context client_for(const Case& test) {
  Context ctx(SSL_CTX_new(TLS_client_method()));
  require(SSL_CTX_set_max_proto_version(ctx.get(), test.version) && SSL_CTX_set1_groups_list(ctx.get(), test.groups));
  require(SSL_CTX_set_cipher_list(ctx.get(), "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"));
  require(SSL_CTX_set_ciphersuites(ctx.get(), "TLS_AES_128_GCM_SHA256"));
  SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx.get(), keep_session);
  return ctx;
}

// A handshake, an answer read by the client, and then nothing.
Connection idle_server(const Case& test, const Context& client_ctx) {
  const Connection client = connection_of(client_ctx, false);
  Connection server = connection_of(test.server, true);
  char buffer[16];
  for (int i = 0; i < 3; ++i) {
    step(client);
    carry(client, server);
    step(server);
    carry(server, client);
  }
  require(SSL_write(server.get(), "x", 1) == 1);
  carry(server, client);
  require(SSL_read(client.get(), buffer, sizeof(buffer)) == 1);
  SSL_set_shutdown(client.get(), SSL_SENT_SHUTDOWN);  // without a goodbye OpenSSL takes the session for a broken one
  return server;
}

void run(const Case& test) {
  const Context client_ctx = client_for(test);
  if (test.resumed) idle_server(test, client_ctx);
  report(test.name,
         [&](Stopwatch& watch) { run_batch(test, client_ctx, test.resumed ? newest_session : nullptr, watch); });
}

void report_idle(const Case& test) {
  constexpr int kConnections = 500;
  const Context client_ctx = client_for(test);
  std::vector<Connection> idle;
  idle.reserve(kConnections);
  idle_server(test, client_ctx);
  const std::size_t before = ::mallinfo2().uordblks;
  for (int i = 0; i < kConnections; ++i) idle.push_back(idle_server(test, client_ctx));
  std::printf("%s\t%zu\n", test.name, (::mallinfo2().uordblks - before) / kConnections);
}

// All cases, or the one of this name.
void run_cases(std::string_view only) {
  const Key ecdsa(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const Key rsa(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
  const Context with_ecdsa = server_with(ecdsa.get());
  const Context with_rsa = server_with(rsa.get());
  const auto measure = [&](const Case& test) {
    if (only.empty() || only == test.name) run(test);
  };
  measure({"tls13 ecdsa x25519", with_ecdsa, TLS1_3_VERSION, "X25519"});
  measure({"tls13 rsa2048 x25519", with_rsa, TLS1_3_VERSION, "X25519"});
  measure({"tls13 resumed x25519", with_ecdsa, TLS1_3_VERSION, "X25519", true});
  measure({"tls12 ecdsa x25519", with_ecdsa, TLS1_2_VERSION, "X25519:P-256"});
  measure({"tls12 resumed", with_ecdsa, TLS1_2_VERSION, "X25519:P-256", true});
  if (!only.empty()) return;
  report_idle({"idle bytes tls13", with_ecdsa, TLS1_3_VERSION, "X25519"});
  report_idle({"idle bytes tls12", with_ecdsa, TLS1_2_VERSION, "X25519:P-256"});
}

}  // namespace
}  // namespace gate::bench

int main(int argc, char** argv) { gate::bench::run_cases(argc > 1 ? argv[1] : ""); }
