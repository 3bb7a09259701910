#include "cert/crl.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "cert/authority_for_test.h"
#include "cert/codes.h"

namespace gate::cert {
namespace {

using namespace std::chrono_literals;

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

std::string pem_of(const std::string& der) {
  bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  GATE_CHECK(PEM_write_bio(bio.get(), "X509 CRL", "", native_data(base::as_bytes(der)), static_cast<long>(der.size())));
  return text_of(bio.get());
}

TEST(Crl, knows_what_was_taken_back_and_since_when) {
  const auto root = for_test::root("root", kNow);
  const auto crls = read_crls(for_test::revocation_list(root, {7, 9}, kNow, kNow + 24h), "test");
  ASSERT_TRUE(crls.has_value());
  const Crl& crl = crls->front();
  EXPECT_EQ(crl.this_update(), kNow);
  EXPECT_EQ(crl.next_update(), kNow + 24h);
  EXPECT_EQ(crl.revoked_since(for_test::client(root, "alice", {}, 7, kNow).leaf()), kNow);
  EXPECT_EQ(crl.revoked_since(for_test::client(root, "bob", {}, 8, kNow).leaf()), std::nullopt);
}

TEST(Crl, is_signed_by_its_authority_alone) {
  const auto root = for_test::root("root", kNow);
  const auto namesake = for_test::root("root", kNow);
  const auto crls = read_crls(for_test::revocation_list(root, {}, kNow, kNow + 24h), "test");
  EXPECT_TRUE(crls->front().is_signed_by(root.leaf()));
  EXPECT_FALSE(crls->front().is_signed_by(namesake.leaf())) << "the same name, and another key";
}

TEST(Crl, is_read_from_der_and_from_several_pem_blocks) {
  const auto root = for_test::root("root", kNow);
  const std::string der = for_test::revocation_list(root, {7}, kNow, kNow + 24h);
  const auto both = read_crls(pem_of(der) + "between\n" + pem_of(der), "test");
  ASSERT_TRUE(both.has_value());
  EXPECT_EQ(both->size(), 2U);
  EXPECT_EQ(base::as_text(both->back().der()), der);
}

TEST(Crl, what_is_no_list_is_refused) {
  const auto root = for_test::root("root", kNow);
  const std::string der = for_test::revocation_list(root, {7}, kNow, kNow + 24h);
  for (const std::string& text : {std::string(), std::string("\x30\x03\x02\x01"), der.substr(0, der.size() - 1),
                                  der + "more", root.leaf().to_pem()}) {
    const auto crls = read_crls(text, "lists.pem");
    ASSERT_FALSE(crls.has_value());
    EXPECT_EQ(crls.error().code, kCannotParseCrl);
    EXPECT_NE(crls.error().what.find("lists.pem"), std::string::npos);
  }
}

}  // namespace
}  // namespace gate::cert
