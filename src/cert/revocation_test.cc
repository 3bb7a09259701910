#include "cert/revocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cert/codes.h"
#include "cert/ocsp_for_test.h"

namespace gate::cert {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr const char* kResponder = "http://ocsp.test/";
constexpr const char* kList = "http://crl.test/1.crl";

// The library judges delegated signers by the system's clock.
const base::WallTime kNow = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) - 1h;

class OcspTest : public testing::Test {
 protected:
  std::string said(int status = V_OCSP_CERTSTATUS_GOOD) const {
    return for_test::ocsp_response(server_.leaf(), issuer_, issuer_, at(status));
  }
  static for_test::OcspSaid at(int status) {
    return {.status = status, .this_update = kNow, .next_update = kNow + 96h};
  }
  base::Result<OcspAnswer> read(const std::string& der, base::WallTime now = kNow + 1h) const {
    return read_ocsp_response(base::as_bytes(der), server_.leaf(), issuer_.leaf(), now);
  }

  Credential root_ = for_test::root("root", kNow);
  Credential issuer_ = for_test::intermediate(root_, "issuer", kNow);
  Credential server_ = for_test::revocable(issuer_, {"example.com"}, 7, kResponder, kList, kNow);
};

TEST_F(OcspTest, a_certificate_says_where_to_ask) {
  const auto sources = revocation_sources(server_.leaf());
  EXPECT_THAT(sources.responders, ElementsAre(kResponder));
  EXPECT_THAT(sources.lists, ElementsAre(kList));
  EXPECT_TRUE(revocation_sources(root_.leaf()).empty());
  const auto elsewhere = for_test::revocable(issuer_, {"a.test"}, 8, "ldap://ocsp.test/", "file:///etc/passwd", kNow);
  EXPECT_TRUE(revocation_sources(elsewhere.leaf()).empty()) << "only what the web can be asked for";
}

TEST_F(OcspTest, the_question_names_the_certificate) {
  const std::string der = ocsp_request(server_.leaf(), issuer_.leaf());
  const std::uint8_t* begin = native_data(base::as_bytes(der));
  bssl::UniquePtr<OCSP_REQUEST> request(d2i_OCSP_REQUEST(nullptr, &begin, static_cast<long>(der.size())));
  ASSERT_NE(request, nullptr);
  ASSERT_EQ(OCSP_request_onereq_count(request.get()), 1);
  const auto x509 = x509_of(server_.leaf().der());
  const auto issuer = x509_of(issuer_.leaf().der());
  bssl::UniquePtr<OCSP_CERTID> id(OCSP_cert_to_id(EVP_sha1(), x509.get(), issuer.get()));
  EXPECT_EQ(OCSP_id_cmp(OCSP_onereq_get0_id(OCSP_request_onereq_get0(request.get(), 0)), id.get()), 0);
}

TEST_F(OcspTest, an_answer_of_the_issuer_is_believed) {
  const auto good = read(said());
  ASSERT_TRUE(good.has_value()) << good.error().why;
  EXPECT_EQ(good->status, OcspAnswer::Status::kGood);
  EXPECT_EQ(good->this_update, kNow);
  EXPECT_EQ(good->next_update, kNow + 96h);
  const auto revoked = read(said(V_OCSP_CERTSTATUS_REVOKED));
  ASSERT_TRUE(revoked.has_value());
  EXPECT_EQ(revoked->status, OcspAnswer::Status::kRevoked);
  EXPECT_EQ(revoked->revoked_since, kNow);
  EXPECT_EQ(read(said(V_OCSP_CERTSTATUS_UNKNOWN))->status, OcspAnswer::Status::kUnknown);
}

TEST_F(OcspTest, who_the_issuer_lets_answer_is_believed_and_nobody_else) {
  using for_test::for_test_internal::make;
  const auto delegate =
      make({.common_name = "responder", .names = {}, .extensions = {{"extendedKeyUsage", "OCSPSigning"}}, .serial = 8},
           PrivateKey::generate(), &issuer_, kNow);
  const auto helper =
      make({.common_name = "helper", .names = {}, .extensions = {{"extendedKeyUsage", "serverAuth"}}, .serial = 9},
           PrivateKey::generate(), &issuer_, kNow);
  const auto stranger = for_test::root("stranger", kNow);
  const auto by = [&](const Credential& signer) {
    return read(for_test::ocsp_response(server_.leaf(), issuer_, signer, at(V_OCSP_CERTSTATUS_GOOD))).has_value();
  };
  EXPECT_TRUE(by(delegate));
  EXPECT_FALSE(by(helper)) << "its certificate is for something else";
  EXPECT_FALSE(by(stranger));
  EXPECT_FALSE(by(server_)) << "it would vouch for itself";
}

TEST_F(OcspTest, an_answer_about_another_certificate_is_of_no_use) {
  const auto other = for_test::revocable(issuer_, {"example.com"}, 8, kResponder, kList, kNow);
  const auto answer = read(for_test::ocsp_response(other.leaf(), issuer_, issuer_, at(V_OCSP_CERTSTATUS_GOOD)));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, kBadRevocationAnswer);
}

TEST_F(OcspTest, an_answer_holds_for_its_time_alone) {
  EXPECT_FALSE(read(said(), kNow + 96h).has_value());
  EXPECT_FALSE(read(said(), kNow - 10min).has_value());
  EXPECT_TRUE(read(said(), kNow - 1min).has_value()) << "clocks differ";
}

TEST_F(OcspTest, what_is_no_answer_is_refused) {
  const std::string whole = said();
  std::string forged = whole;
  char& second = forged[forged.find('Z') - 1];  // of the first time in it
  second = static_cast<char>(second ^ 1);
  bssl::UniquePtr<OCSP_RESPONSE> busy(OCSP_response_create(OCSP_RESPONSE_STATUS_TRYLATER, nullptr));
  std::uint8_t* der = nullptr;
  const int size = i2d_OCSP_RESPONSE(busy.get(), &der);
  const std::string later(base::as_text(native_bytes(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  for (const std::string& text :
       {std::string(), std::string("<html>"), whole.substr(0, whole.size() - 1), whole + "x", forged, later}) {
    EXPECT_FALSE(read(text).has_value());
  }
}

}  // namespace
}  // namespace gate::cert
