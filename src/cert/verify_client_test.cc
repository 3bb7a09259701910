#include "cert/verify_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509.h>

#include "cert/authority_for_test.h"

namespace gate::cert {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

class ClientVerifierTest : public testing::Test {
 protected:
  // The library's reason why not; X509_V_OK when the client is accepted.
  static long judge(const ClientVerifier& verifier, const Credential& client, base::WallTime now = kNow + 1h) {
    std::vector<base::ByteView> sent;
    for (const auto& each : client.chain) sent.push_back(each.der());
    const auto chain = verifier.verify(sent, now);
    return chain ? X509_V_OK : chain.error().reason;
  }
  static std::vector<Crl> lists(std::initializer_list<std::string> ders) {
    std::vector<Crl> all;
    for (const auto& der : ders) all.push_back(read_crls(der, "test")->front());
    return all;
  }

  Credential root_ = for_test::root("root", kNow);
  Credential between_ = for_test::intermediate(root_, "between", kNow);
  ClientVerifier verifier_{std::vector{root_.leaf()}, {}};
};

TEST_F(ClientVerifierTest, accepts_clients_of_its_authorities_and_no_others) {
  EXPECT_EQ(judge(verifier_, for_test::client(root_, "alice", {}, 7, kNow)), X509_V_OK);
  const auto other = for_test::root("other", kNow);
  EXPECT_EQ(judge(verifier_, for_test::client(other, "alice", {}, 7, kNow)),
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  const auto namesake = for_test::root("root", kNow);
  EXPECT_NE(judge(verifier_, for_test::client(namesake, "alice", {}, 7, kNow)), X509_V_OK);
  EXPECT_FALSE(verifier_.verify({}, kNow + 1h).has_value());
}

TEST_F(ClientVerifierTest, gives_the_chain_without_the_root) {
  const auto client = for_test::client(between_, "alice", {}, 7, kNow);
  const std::vector<base::ByteView> sent{client.leaf().der(), between_.leaf().der(), root_.leaf().der()};
  const auto chain = verifier_.verify(sent, kNow + 1h);
  ASSERT_TRUE(chain.has_value());
  ASSERT_EQ(chain->size(), 2U);
  EXPECT_EQ(chain->front().subject(), "CN=alice");
  EXPECT_EQ(chain->back().subject(), "CN=between");
}

TEST_F(ClientVerifierTest, knows_intermediate_certificates_that_clients_leave_out) {
  const auto client = for_test::client(between_, "alice", {}, 7, kNow);
  EXPECT_NE(judge(verifier_, client), X509_V_OK);
  EXPECT_EQ(judge(ClientVerifier(std::vector{root_.leaf(), between_.leaf()}, {}), client), X509_V_OK);
}

TEST_F(ClientVerifierTest, refuses_those_whose_time_is_not_now) {
  const auto client = for_test::client(root_, "alice", {}, 7, kNow);
  EXPECT_EQ(judge(verifier_, client, kNow + for_test::kLifetime + 1h), X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(judge(verifier_, client, kNow - 1h), X509_V_ERR_CERT_NOT_YET_VALID);
}

// RFC 5280 4.2.1.12: "the certificate MUST only be used for one of the purposes indicated".
TEST_F(ClientVerifierTest, refuses_certificates_of_servers) {
  const auto server = for_test::for_test_internal::make(
      {.common_name = "alice", .names = {}, .extensions = {{"extendedKeyUsage", "serverAuth"}}}, PrivateKey::generate(),
      &root_, kNow);
  EXPECT_EQ(judge(verifier_, server), X509_V_ERR_INVALID_PURPOSE);
}

TEST_F(ClientVerifierTest, refuses_weak_signatures) {
  EXPECT_NE(judge(verifier_, for_test::sha1_leaf(root_, {"alice.test"}, kNow)), X509_V_OK);
}

TEST_F(ClientVerifierTest, refuses_what_was_taken_back) {
  const auto crls = lists({for_test::revocation_list(root_, {7}, kNow, kNow + 24h)});
  const ClientVerifier strict(std::vector{root_.leaf()}, crls);
  EXPECT_EQ(judge(strict, for_test::client(root_, "alice", {}, 7, kNow)), X509_V_ERR_CERT_REVOKED);
  EXPECT_EQ(judge(strict, for_test::client(root_, "bob", {}, 8, kNow)), X509_V_OK);
}

TEST_F(ClientVerifierTest, a_list_that_is_over_lets_nobody_in) {
  const auto crls = lists({for_test::revocation_list(root_, {}, kNow, kNow + 24h)});
  const ClientVerifier strict(std::vector{root_.leaf()}, crls);
  EXPECT_EQ(judge(strict, for_test::client(root_, "bob", {}, 8, kNow), kNow + 25h), X509_V_ERR_CRL_HAS_EXPIRED);
}

TEST_F(ClientVerifierTest, each_authority_of_a_chain_needs_a_list) {
  auto client = for_test::client(between_, "alice", {}, 7, kNow);
  client.chain.push_back(between_.leaf());
  const auto of_root = for_test::revocation_list(root_, {}, kNow, kNow + 24h);
  const auto of_between = for_test::revocation_list(between_, {}, kNow, kNow + 24h);
  EXPECT_EQ(judge(ClientVerifier(std::vector{root_.leaf()}, lists({of_root})), client), X509_V_ERR_UNABLE_TO_GET_CRL);
  EXPECT_EQ(judge(ClientVerifier(std::vector{root_.leaf()}, lists({of_root, of_between})), client), X509_V_OK);
}

TEST(ClientNames, are_those_of_every_kind_and_the_common_name) {
  const auto root = for_test::root("root", kNow);
  EXPECT_THAT(client_names(for_test::client(root, "Alice", {"alice.test", "alice@example.com"}, 7, kNow).leaf()),
              ElementsAre("alice.test", "alice@example.com", "Alice"));
}

TEST(ClientNames, with_control_characters_are_nobodys) {
  const auto root = for_test::root("root", kNow);
  EXPECT_THAT(client_names(for_test::client(root, std::string("alice\0.evil", 11), {}, 7, kNow).leaf()), IsEmpty());
  EXPECT_THAT(client_names(for_test::client(root, "alice\r\nbob", {}, 7, kNow).leaf()), IsEmpty());
}

}  // namespace
}  // namespace gate::cert
