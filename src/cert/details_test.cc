#include "cert/details.h"

#include <gtest/gtest.h>

#include "cert/authority_for_test.h"

namespace gate::cert {
namespace {

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

TEST(Details, tells_where_revocations_are_published) {
  const Credential root = for_test::root("root", kNow);
  const Credential leaf = for_test::extended_leaf(
      root, {"app.test"},
      {{"crlDistributionPoints", "URI:http://crl.test/1.crl,URI:http://crl.test/2.crl"},
       {"authorityInfoAccess", "OCSP;URI:http://ocsp.test/,caIssuers;URI:http://ca.test/issuer.der"}},
      kNow);
  const Details details = details_of(leaf.leaf());
  EXPECT_EQ(details.crl_urls, (std::vector<std::string>{"http://crl.test/1.crl", "http://crl.test/2.crl"}));
  EXPECT_EQ(details.ocsp_urls, (std::vector<std::string>{"http://ocsp.test/"}));
  EXPECT_EQ(details.issuer_urls, (std::vector<std::string>{"http://ca.test/issuer.der"}));
}

// The extension's value is the DER of an OCTET STRING (04) that holds the list.
Details with_scts(const std::string& der) {
  const Credential root = for_test::root("root", kNow);
  return details_of(
      for_test::extended_leaf(root, {"app.test"}, {{"1.3.6.1.4.1.11129.2.4.2", "DER:" + der}}, kNow).leaf());
}

TEST(Details, counts_the_promises_of_transparency_logs) {
  EXPECT_EQ(with_scts("04080006"
                      "0001aa"
                      "0001bb")
                .scts,
            2U);
  EXPECT_EQ(with_scts("04020000").scts, 0U);
}

TEST(Details, does_not_read_beyond_a_list_that_is_cut) {
  EXPECT_EQ(with_scts("04080006"
                      "0001aa"
                      "00ffbb")
                .scts,
            1U);
  EXPECT_EQ(with_scts("0403ffff00").scts, 0U);
  EXPECT_EQ(with_scts("0400").scts, 0U);
}

TEST(Details, has_nothing_of_a_certificate_without_them) {
  const Details details = details_of(for_test::root("root", kNow).leaf());
  EXPECT_TRUE(details.crl_urls.empty() && details.ocsp_urls.empty() && details.issuer_urls.empty());
  EXPECT_EQ(details.scts, 0U);
}

}  // namespace
}  // namespace gate::cert
