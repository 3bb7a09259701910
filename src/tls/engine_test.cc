#include "tls/engine.h"

#include <gtest/gtest.h>
#include <openssl/aead.h>
#include <openssl/ssl.h>

#include "tls/codes.h"
#include "tls/hello_for_test.h"
#include "tls/library_client_for_test.h"
#include "tls/pair_for_test.h"

namespace gate::tls {
namespace {

using for_test::Certificates;
using for_test::HelloText;
using for_test::make_client;
using for_test::make_server;
using for_test::Pair;

const std::shared_ptr<ServerContext>& example_server() {
  static const auto server = make_server(for_test::example_settings());
  return server;
}

// A server that is fed bytes from a string.
struct Lone {
  explicit Lone(std::shared_ptr<ServerContext> context = example_server())
      : end(std::move(context), for_test::address("192.0.2.9"), clock) {}

  Step feed(std::string_view bytes) {
    end.received.append(bytes);
    end.handshake();
    return end.step;
  }
  // Level and description of the alert record that was sent, as "2 70"; empty if none.
  std::string alert() const {
    const auto sent = end.sent.view();
    if (sent.size() != 7 || sent[0] != std::byte{21}) return {};
    return std::to_string(std::to_integer<int>(sent[5])) + " " + std::to_string(std::to_integer<int>(sent[6]));
  }
  base::ErrorCode failure() const { return end.engine.failure().code; }

  for_test::Clock clock;
  for_test::End end;
};

TEST(Engine, speaks_tls13_by_default_and_states_its_facts) {
  Pair pair(example_server(), make_client({.alpn = {"h2", "http/1.1"}}));
  ASSERT_TRUE(pair.handshake());
  const Facts& facts = pair.facts();
  EXPECT_EQ(facts.version, kTls13);
  EXPECT_EQ(suite_name(facts.suite), "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(group_name(facts.group), "X25519MLKEM768");
  EXPECT_EQ(signature_name(facts.signature), "ecdsa_secp256r1_sha256");
  EXPECT_EQ(facts.alpn, Alpn::kHttp2);
  EXPECT_EQ(facts.server_name, "example.com");
  EXPECT_EQ(facts.site, 0U);
  EXPECT_FALSE(facts.resumed);
  EXPECT_EQ(facts.ja4.view().substr(0, 4), "t13d");
  EXPECT_GT(facts.duration.count(), 0);
  EXPECT_EQ(facts.bytes_in, pair.client.engine.facts().bytes_out);
  EXPECT_EQ(facts.bytes_out, pair.client.engine.facts().bytes_in);
  EXPECT_EQ(pair.client.engine.facts().signature, facts.signature);
  EXPECT_FALSE(pair.server.engine.in_handshake());
}

TEST(Engine, carries_bytes_both_ways) {
  Pair pair(example_server(), make_client());
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.to_server("ping"), "ping");
  EXPECT_EQ(pair.to_client("pong"), "pong");
  const std::string large(100'000, 'x');
  EXPECT_EQ(pair.to_server(large), large);
  EXPECT_EQ(pair.to_client(large), large);
}

TEST(Engine, puts_what_is_written_at_once_into_one_record_of_at_most_16_kib) {
  Pair pair(example_server(), make_client());
  ASSERT_TRUE(pair.handshake());
  pair.to_client("ticket goes out first");
  ASSERT_TRUE(pair.server.write(std::string(16 * 1024, 'x')));
  EXPECT_EQ(pair.server.sent.size(), 16U * 1024 + 5 + 1 + 16);
  pair.server.sent.clear();
  ASSERT_TRUE(pair.server.write(std::string(16 * 1024 + 1, 'x')));
  EXPECT_EQ(pair.server.sent.size(), 16U * 1024 + 1 + 2 * (5 + 1 + 16));
}

TEST(Engine, sends_the_ticket_together_with_the_first_answer) {
  Pair pair(example_server(), make_client());
  ASSERT_TRUE(pair.handshake());
  EXPECT_TRUE(pair.server.sent.empty());
  EXPECT_FALSE(pair.client.engine.take_session().has_value());
  pair.to_client("x");
  EXPECT_TRUE(pair.client.engine.take_session().has_value());
  EXPECT_FALSE(pair.client.engine.take_session().has_value()) << "one ticket a handshake";
}

TEST(Engine, takes_a_handshake_byte_by_byte) {
  Pair pair(example_server(), make_client());
  pair.client.handshake();
  const std::string hello(base::as_text(pair.client.sent.view()));
  pair.client.sent.clear();
  for (const char c : hello.substr(0, hello.size() - 1)) {
    pair.server.received.append(std::string_view(&c, 1));
    pair.server.handshake();
    ASSERT_EQ(pair.server.step, Step::kNeedRead);
  }
  pair.server.received.append(hello.substr(hello.size() - 1));
  EXPECT_TRUE(pair.handshake());
}

TEST(Engine, takes_records_byte_by_byte) {
  Pair pair(example_server(), make_client());
  ASSERT_TRUE(pair.handshake());
  ASSERT_TRUE(pair.client.write("hello"));
  const std::string record(base::as_text(pair.client.sent.view()));
  std::string read;
  for (const char c : record) {
    pair.server.received.append(std::string_view(&c, 1));
    read += pair.server.read();
  }
  EXPECT_EQ(read, "hello");
}

TEST(Engine, delivers_in_portions_of_what_fits) {
  Pair pair(example_server(), make_client());
  ASSERT_TRUE(pair.handshake());
  ASSERT_TRUE(pair.client.write("abcdefgh"));
  carry(pair.client, pair.server);
  std::array<std::byte, 3> small;
  std::size_t count = 0;
  std::string all;
  Io io{pair.server.received.view(), pair.server.sent};
  while (pair.server.engine.read(io, small, count) == Step::kDone) all += base::as_text(std::span(small).first(count));
  EXPECT_EQ(all, "abcdefgh");
}

TEST(Engine, tells_a_proper_end_from_a_cut) {
  Pair pair(example_server(), make_client());
  ASSERT_TRUE(pair.handshake());
  ASSERT_TRUE(pair.client.write("last words"));
  pair.client.close();
  pair.client.close();
  carry(pair.client, pair.server);
  EXPECT_EQ(pair.server.read(), "last words");
  EXPECT_EQ(pair.server.step, Step::kEnd);
  EXPECT_EQ(pair.server.engine.end_of_input(), Step::kEnd);
  EXPECT_EQ(pair.to_client("still allowed"), "still allowed");
  EXPECT_EQ(pair.client.engine.end_of_input(), Step::kFailed);
  EXPECT_EQ(pair.client_failure(), kTruncated);
}

TEST(Engine, writes_nothing_after_close) {
  Pair pair(example_server(), make_client());
  ASSERT_TRUE(pair.handshake());
  pair.server.close();
  EXPECT_FALSE(pair.server.write("x"));
}

TEST(Engine, fails_on_a_record_that_was_changed_and_keeps_failing) {
  Pair pair(example_server(), make_client());
  ASSERT_TRUE(pair.handshake());
  ASSERT_TRUE(pair.client.write("hello"));
  std::string record(base::as_text(pair.client.sent.view()));
  record.back() = static_cast<char>(record.back() ^ 1);
  pair.server.received.append(record);
  EXPECT_EQ(pair.server.read(), "");
  EXPECT_EQ(pair.server.step, Step::kFailed);
  EXPECT_EQ(pair.server_failure(), kBadRecord);
  EXPECT_FALSE(pair.server.sent.empty()) << "the alert";
  EXPECT_FALSE(pair.server.write("x"));
  EXPECT_EQ(pair.server.read(), "");
  EXPECT_EQ(pair.server.step, Step::kFailed);
}

TEST(Engine, delivers_what_came_before_a_broken_record) {
  Pair pair(example_server(), make_client());
  ASSERT_TRUE(pair.handshake());
  ASSERT_TRUE(pair.client.write("good"));
  carry(pair.client, pair.server);
  ASSERT_TRUE(pair.client.write("bad"));
  std::string record(base::as_text(pair.client.sent.view()));
  record.back() = static_cast<char>(record.back() ^ 1);
  pair.server.received.append(record);
  EXPECT_EQ(pair.server.read(), "good");
  EXPECT_EQ(pair.server.step, Step::kFailed);
}

TEST(Engine, refuses_records_above_the_limit) {
  Pair pair(example_server(), make_client());
  ASSERT_TRUE(pair.handshake());
  // RFC 8446 5.2: at most 2^14 + 256 bytes. The library refuses unseen what is 64 more, and the rest when decrypted.
  pair.server.received.append(std::string("\x17\x03\x03\x41\x41", 5));
  EXPECT_EQ(pair.server.read(), "");
  EXPECT_EQ(pair.server.step, Step::kFailed);
  EXPECT_EQ(pair.server_failure(), kRecordTooLong);
}

TEST(Engine, does_without_the_library_once_it_has_settled) {
  Pair pair(example_server(), make_client());
  ASSERT_TRUE(pair.handshake());
  pair.server.engine.settle();
  pair.server.received.append(std::string("\x17\x03\x03\x41\x01", 5));  // which the library would wait for
  EXPECT_EQ(pair.server.read(), "");
  EXPECT_EQ(pair.server_failure(), kRecordTooLong);
  EXPECT_EQ(pair.server.step, Step::kFailed);
  EXPECT_FALSE(pair.server.write("x"));
}

TEST(Engine, keeps_the_ticket_for_the_first_answer_when_it_settles) {
  Pair pair(example_server(), make_client());
  ASSERT_TRUE(pair.handshake());
  pair.server.engine.settle();
  EXPECT_TRUE(pair.server.sent.empty());
  EXPECT_EQ(pair.to_client("x"), "x");
  EXPECT_TRUE(pair.client.engine.take_session().has_value());
  EXPECT_EQ(pair.facts().bytes_out, pair.client.engine.facts().bytes_in);
  EXPECT_EQ(pair.to_client("y"), "y");
}

TEST(Engine, sends_the_ticket_before_its_end_too) {
  Pair pair(example_server(), make_client());
  ASSERT_TRUE(pair.handshake());
  pair.server.engine.settle();
  pair.server.close();
  carry(pair.server, pair.client);
  EXPECT_EQ(pair.client.read(), "");
  EXPECT_EQ(pair.client.step, Step::kEnd);
  EXPECT_TRUE(pair.client.engine.take_session().has_value());
}

TEST(Engine, leaves_the_library_only_between_records) {
  Pair pair(example_server(), make_client());
  ASSERT_TRUE(pair.handshake());
  ASSERT_TRUE(pair.client.write("cut in two"));
  const std::string record(base::as_text(pair.client.sent.view()));
  pair.client.sent.clear();
  pair.server.received.append(record.substr(0, 9));
  EXPECT_EQ(pair.server.read(), "");
  pair.server.engine.settle();
  EXPECT_EQ(pair.to_client("meanwhile"), "meanwhile");
  pair.server.received.append(record.substr(9));
  EXPECT_EQ(pair.server.read(), "cut in two");
  pair.server.engine.settle();
  EXPECT_EQ(pair.to_client("afterwards"), "afterwards");
  EXPECT_EQ(pair.to_server("and on"), "and on");
  EXPECT_EQ(pair.facts().bytes_in, pair.client.engine.facts().bytes_out);
  EXPECT_EQ(pair.facts().bytes_out, pair.client.engine.facts().bytes_in);
}

TEST(Engine, tells_ends_and_cuts_without_the_library_too) {
  Pair pair(example_server(), make_client());
  ASSERT_TRUE(pair.handshake());
  pair.server.engine.settle();
  ASSERT_TRUE(pair.client.write("last words"));
  pair.client.close();
  carry(pair.client, pair.server);
  EXPECT_EQ(pair.server.read(), "last words");
  EXPECT_EQ(pair.server.step, Step::kEnd);
  EXPECT_EQ(pair.to_client("still allowed"), "still allowed");
  pair.server.close();
  pair.server.close();
  EXPECT_FALSE(pair.server.write("x"));
  carry(pair.server, pair.client);
  EXPECT_EQ(pair.client.read(), "");
  EXPECT_EQ(pair.client.step, Step::kEnd);
}

TEST(Engine, knows_plain_http_and_leaves_it_untouched) {
  for (const char* request : {"GET / HTTP/1.1\r\n", "G", "POST /x HTTP/1.0", "PRI * HTTP/2.0", "PROPPATCH"}) {
    Lone server;
    EXPECT_EQ(server.feed(request), Step::kFailed) << request;
    EXPECT_EQ(server.failure(), kPlainHttp);
    EXPECT_EQ(base::as_text(server.end.received.view()), request);
    EXPECT_TRUE(server.end.sent.empty());
  }
}

TEST(Engine, answers_other_protocols_with_an_alert) {
  for (const std::string& bytes :
       {std::string("SSH-2.0-x\r\n"), std::string(100, '\0'), std::string("\x80\x2e\x01\x00\x02", 5),
        std::string("get / http"), std::string("\x17\x03\x03\x00\x05hello", 10)}) {
    Lone server;
    EXPECT_EQ(server.feed(bytes), Step::kFailed);
    EXPECT_FALSE(server.end.sent.empty());
  }
  Lone ssh;
  ssh.feed("SSH-2.0-OpenSSH_9.2\r\n");
  EXPECT_EQ(ssh.failure(), kNotTls);
}

TEST(Engine, waits_for_the_rest_of_a_cut_hello_and_reports_the_end) {
  const std::string record = HelloText().suites({0x1301}).server_name("example.com").record();
  Lone server;
  EXPECT_EQ(server.feed(record.substr(0, record.size() - 1)), Step::kNeedRead);
  EXPECT_TRUE(server.end.engine.in_handshake());
  EXPECT_EQ(server.end.engine.end_of_input(), Step::kFailed);
  EXPECT_EQ(server.failure(), kClosedInHandshake);
}

TEST(Engine, refuses_a_malformed_hello_with_decode_error) {
  Lone server;
  EXPECT_EQ(server.feed(HelloText().suites({0x1301}).extension(10, "x").record()), Step::kFailed);
  EXPECT_EQ(server.failure(), kMalformed);
  EXPECT_EQ(server.alert(), "2 50");
}

TEST(Engine, refuses_a_hello_longer_than_any) {
  Lone server;
  // A handshake message of 2^24 - 1 bytes is announced.
  EXPECT_EQ(server.feed(std::string("\x16\x03\x01\x00\x06\x01\xff\xff\xff\x03\x03", 11)), Step::kFailed);
  EXPECT_EQ(server.failure(), kRecordTooLong);
}

TEST(Engine, refuses_old_versions_with_protocol_version) {
  for (const std::uint16_t version : std::vector<std::uint16_t>{0x0300, 0x0301, 0x0302}) {
    Lone server;
    EXPECT_EQ(server.feed(HelloText().version(version).suites({0xc013, 0x002f}).server_name("example.com").record()),
              Step::kFailed);
    EXPECT_EQ(server.failure(), kProtocolVersion);
    EXPECT_EQ(server.alert(), "2 70");
    EXPECT_NE(server.end.engine.failure().what.find(version_name(version)), std::string::npos);
  }
}

TEST(Engine, refuses_tls12_where_the_site_wants_tls13) {
  auto settings = for_test::example_settings();
  settings.sites[0].policy.version_min = kTls13;
  Pair pair(make_server(settings), make_client({.version_max = kTls12}));
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.server_failure(), kProtocolVersion);
  Pair newer(make_server(settings), make_client());
  EXPECT_TRUE(newer.handshake());
}

TEST(Engine, refuses_clients_without_a_common_suite) {
  Pair pair(example_server(),
            make_client({.version_max = kTls12, .suites = {.tls12 = "ECDHE-ECDSA-AES128-SHA", .tls13 = {}}}));
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.server_failure(), kNoCommonSuite);
  EXPECT_EQ(pair.client_failure(), kAlertReceived);
}

TEST(Engine, refuses_clients_without_a_common_group) {
  Pair pair(example_server(), make_client({.groups = {0x0019}}));
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.server_failure(), kNoCommonGroup);
}

// Speaks TLS 1.2 with keys that can be had: it seals what no client of ours would send.
class RawClient : public for_test::LibraryClient {
 public:
  RawClient() : LibraryClient(context()) {}

  // RFC 5288 3, RFC 5246 6.2.3.3: the client's next record of `type`, or the one `skip` behind it.
  std::string seal(std::uint8_t type, std::string_view content, std::uint64_t skip = 0) const {
    std::array<std::uint8_t, 2 * 16 + 2 * 4> keys;
    GATE_CHECK(SSL_generate_key_block(ssl(), keys.data(), keys.size()));
    const std::uint64_t sequence = SSL_get_write_sequence(ssl()) + skip;
    std::array<std::uint8_t, 12> nonce{};
    std::array<std::uint8_t, 13> data{};
    std::copy_n(keys.data() + 32, 4, nonce.data());
    for (unsigned i = 0; i < 8; ++i) nonce[4 + i] = data[i] = static_cast<std::uint8_t>(sequence >> (56 - 8 * i));
    data[8] = type;
    data[9] = data[10] = 3;
    data[12] = static_cast<std::uint8_t>(content.size());
    bssl::UniquePtr<EVP_AEAD_CTX> aead(EVP_AEAD_CTX_new(EVP_aead_aes_128_gcm(), keys.data(), 16, 16));
    std::array<std::uint8_t, 256> sealed;
    std::size_t size = 0;
    GATE_CHECK(EVP_AEAD_CTX_seal(aead.get(), sealed.data(), &size, sealed.size(), nonce.data(), nonce.size(),
                                 cert::native_data(base::as_bytes(content)), content.size(), data.data(), data.size()));
    const auto length = static_cast<char>(size + 8);
    return std::string{static_cast<char>(type), 3, 3, 0, length} +
           std::string(base::as_text(cert::native_bytes(nonce.data() + 4, 8))) +
           std::string(base::as_text(cert::native_bytes(sealed.data(), size)));
  }

 private:
  static bssl::UniquePtr<SSL_CTX> context() {
    bssl::UniquePtr<SSL_CTX> made(SSL_CTX_new(TLS_with_buffers_method()));
    SSL_CTX_set_max_proto_version(made.get(), TLS1_2_VERSION);
    GATE_CHECK(SSL_CTX_set_strict_cipher_list(made.get(), "ECDHE-ECDSA-AES128-GCM-SHA256"));
    return made;
  }
};

constexpr std::uint8_t kHandshakeRecord = 22;
constexpr std::uint8_t kApplicationRecord = 23;

TEST(Engine, refuses_renegotiation) {
  Lone server;
  RawClient client;
  client.handshake(server.end);
  const std::string hello = HelloText().suites({0xc02b}).server_name("example.com").record().substr(5);
  server.end.received.append(client.seal(kHandshakeRecord, hello));
  EXPECT_EQ(server.end.read(), "");
  EXPECT_EQ(server.end.step, Step::kFailed);
  EXPECT_EQ(server.failure(), kRenegotiation);
  EXPECT_FALSE(server.end.sent.empty()) << "the alert";
}

// The records are sealed as a client would: the bench for the test above and for the flood below.
TEST(Engine, reads_the_records_of_the_raw_client) {
  Lone server;
  RawClient client;
  client.handshake(server.end);
  server.end.received.append(client.seal(kApplicationRecord, "hello"));
  EXPECT_EQ(server.end.read(), "hello");
}

TEST(Engine, ends_a_flood_of_empty_records) {
  Lone server;
  RawClient client;
  client.handshake(server.end);
  for (std::uint64_t i = 0; i < 40; ++i) server.end.received.append(client.seal(kApplicationRecord, "", i));
  EXPECT_EQ(server.end.read(), "");
  EXPECT_EQ(server.end.step, Step::kFailed);
  EXPECT_EQ(server.failure(), kMalformed);
}

TEST(Engine, says_what_alert_the_client_sent) {
  const auto stranger = cert::for_test::root("stranger", Certificates::shared().now);
  const auto roots = cert::Roots::of(std::vector{stranger.leaf()});
  Pair pair(example_server(), make_client({.roots = &roots}));
  EXPECT_FALSE(pair.handshake());
  carry(pair.client, pair.server);
  pair.server.handshake();
  EXPECT_EQ(pair.client_failure(), kPeerNotTrusted);
  EXPECT_EQ(pair.server_failure(), kAlertReceived);
  EXPECT_NE(pair.server.engine.failure().why.find("trust"), std::string::npos);
}

TEST(Engine, lets_a_client_refuse_another_name) {
  auto settings = for_test::example_settings();
  settings.sites[0].is_default = true;
  Pair pair(make_server(settings), make_client(), {"wrong.test"});
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.client_failure(), kPeerNotTrusted);
}

TEST(Engine, writes_key_log_lines_for_both_sides) {
  std::vector<std::string> server_lines, client_lines;
  auto settings = for_test::example_settings();
  settings.key_log = [&](std::string_view line) { server_lines.emplace_back(line); };
  Pair pair(make_server(settings),
            make_client({.key_log = [&](std::string_view line) { client_lines.emplace_back(line); }}));
  ASSERT_TRUE(pair.handshake());
  ASSERT_FALSE(server_lines.empty());
  std::ranges::sort(server_lines);
  std::ranges::sort(client_lines);
  EXPECT_EQ(server_lines, client_lines);
  EXPECT_TRUE(server_lines.front().starts_with("CLIENT_HANDSHAKE_TRAFFIC_SECRET "));
}

TEST(Engine, outlives_the_replacement_of_its_context) {
  auto context = make_server(for_test::example_settings());
  Pair pair(context, make_client());
  ASSERT_TRUE(pair.handshake());
  context.reset();
  EXPECT_EQ(pair.to_server("still here"), "still here");
  EXPECT_EQ(pair.to_client("so am I"), "so am I");
}

}  // namespace
}  // namespace gate::tls
