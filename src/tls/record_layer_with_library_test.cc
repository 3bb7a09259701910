#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "cert/native.h"
#include "tls/library_client_for_test.h"
#include "tls/record_keys.h"

// Our records beside the TLS library's, whose client has to read what we write and write what we read.
namespace gate::tls {
namespace {

// Speaks TLS 1.3 with one suite, and can be told to renew keys.
class Client : public for_test::LibraryClient {
 public:
  explicit Client(std::uint16_t suite) : LibraryClient(context_for(suite)) {}

  std::string to_server(for_test::End& server, const std::string& text) {
    GATE_CHECK(SSL_write(ssl(), text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size()));
    say(server);
    return server.read();
  }
  std::string to_client(for_test::End& server, const std::string& text) {
    GATE_CHECK(server.write(text));
    hear(server);
    std::string all(text.size(), '\0');
    std::size_t size = 0;
    for (int count = 0; (count = SSL_read(ssl(), all.data() + size, static_cast<int>(all.size() - size))) > 0;) {
      size += static_cast<std::size_t>(count);
      if (size == all.size()) break;
    }
    return all.substr(0, size);
  }

  // The keys of what it says next.
  std::unique_ptr<RecordKeys> own_keys() const {
    std::array<std::uint8_t, Suite::kSecretBytesMax> secret;
    std::size_t size = secret.size();
    GATE_CHECK(SSL_get_write_traffic_secret(ssl(), secret.data(), &size));
    return std::make_unique<RecordKeys>(*find_suite(SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl()))),
                                        cert::native_bytes(secret.data(), size), SSL_get_write_sequence(ssl()));
  }

  void renew_keys(int request) { GATE_CHECK(SSL_key_update(ssl(), request)); }

 private:
  static bssl::UniquePtr<SSL_CTX> context_for(std::uint16_t suite) {
    bssl::UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_method()));
    GATE_CHECK(SSL_CTX_set_ciphersuites(context.get(), suite_name(suite).c_str()));
    return context;
  }
};

class BesideTheLibrary : public ::testing::TestWithParam<std::uint16_t> {
 protected:
  BesideTheLibrary() { client_.handshake(server_); }

  for_test::Clock clock_;
  for_test::End server_{for_test::make_server(for_test::example_settings()), for_test::address("192.0.2.9"), clock_};
  Client client_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Suites, BesideTheLibrary, ::testing::Values(0x1301, 0x1302, 0x1303));

TEST_P(BesideTheLibrary, goes_on_where_the_library_has_stopped) {
  const std::string large(100'000, 'x');
  EXPECT_EQ(client_.to_server(server_, "before"), "before");
  EXPECT_EQ(client_.to_client(server_, "by the library"), "by the library");
  server_.engine.settle();
  EXPECT_EQ(client_.to_client(server_, large), large);
  EXPECT_EQ(client_.to_server(server_, large), large);
  EXPECT_EQ(client_.to_client(server_, "x"), "x");
}

TEST_P(BesideTheLibrary, renews_keys_before_and_behind_the_change) {
  for (const int request : {SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED}) {
    client_.renew_keys(request);
    EXPECT_EQ(client_.to_server(server_, "under new keys"), "under new keys");
    EXPECT_EQ(client_.to_client(server_, "too"), "too");
    server_.engine.settle();
    client_.renew_keys(request);
    EXPECT_EQ(client_.to_server(server_, "and newer ones"), "and newer ones");
    EXPECT_EQ(client_.to_client(server_, "too"), "too");
  }
}

TEST_P(BesideTheLibrary, sends_the_answer_to_a_key_update_that_the_library_has_read) {
  client_.renew_keys(SSL_KEY_UPDATE_REQUESTED);
  EXPECT_EQ(client_.to_server(server_, "under new keys"), "under new keys");
  server_.engine.settle();
  EXPECT_EQ(client_.to_client(server_, "too"), "too");
  EXPECT_EQ(client_.to_server(server_, "on"), "on");
}

TEST_P(BesideTheLibrary, lets_the_library_end_a_message_that_is_cut) {
  const auto keys = client_.own_keys();
  const auto say = [&](ContentType type, std::string_view content) {
    std::array<std::byte, 64> record;
    const std::size_t size = keys->seal(type, base::as_bytes(content), record);
    server_.received.append(base::ByteView(record).first(size));
  };
  say(ContentType::kHandshake, std::string_view("\x18\0", 2));
  EXPECT_EQ(server_.read(), "");
  server_.engine.settle();
  say(ContentType::kHandshake, std::string_view("\0\1\0", 3));
  keys->update();
  say(ContentType::kApplicationData, "new");
  EXPECT_EQ(server_.read(), "new");
  server_.engine.settle();
  say(ContentType::kApplicationData, "and on");
  EXPECT_EQ(server_.read(), "and on");
}

}  // namespace
}  // namespace gate::tls
