#include "cert/import.h"

#include <gtest/gtest.h>

#include "cert/authority_for_test.h"
#include "os/file.h"
#include "os/temporary_folder_for_test.h"

namespace gate::cert {
namespace {

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

class ImportTest : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) {
    const std::string file = folder_.path(path);
    ASSERT_TRUE(os::make_directories(file.substr(0, file.rfind('/')), 0700));
    ASSERT_TRUE(os::write_file_atomically(file, text, 0600));
  }
  void put_pair(const std::string& chain, const std::string& key) {
    put(chain, leaf_.leaf().to_pem());
    put(key, leaf_.key.to_pem());
  }
  void expect_one(const std::vector<Foreign>& found) {
    ASSERT_EQ(found.size(), 1U);
    const auto credential = read_foreign(found[0]);
    ASSERT_TRUE(credential.has_value());
    EXPECT_EQ(credential->leaf().fingerprint(), leaf_.leaf().fingerprint());
    EXPECT_EQ(name_to_keep(found[0], credential->leaf()), "app.test");
  }

  os::TemporaryFolder folder_;
  Credential root_ = for_test::root("root", kNow);
  Credential leaf_ = for_test::leaf(root_, {"app.test", "www.app.test"}, kNow);
};

TEST_F(ImportTest, finds_what_certbot_has) {
  put_pair("live/app.test/fullchain.pem", "live/app.test/privkey.pem");
  put("live/README", "not a certificate");
  put("live/half.test/fullchain.pem", "x");
  expect_one(find_certbot(folder_.path("live")));
}

TEST_F(ImportTest, keeps_what_certbot_has_numbered_under_its_own_name) {
  put_pair("live/app.test-0001/fullchain.pem", "live/app.test-0001/privkey.pem");
  expect_one(find_certbot(folder_.path("live")));
}

TEST_F(ImportTest, finds_what_caddy_has) {
  const std::string stem = "certificates/acme-v02.api.letsencrypt.org-directory/app.test/app.test";
  put_pair(stem + ".crt", stem + ".key");
  put(stem + ".json", "{}");
  expect_one(find_caddy(folder_.path()));
}

TEST_F(ImportTest, finds_what_acme_sh_has) {
  put_pair("app.test_ecc/fullchain.cer", "app.test_ecc/app.test.key");
  put("ca/letsencrypt/account.key", "x");
  expect_one(find_acme_sh(folder_.path()));
}

TEST_F(ImportTest, finds_nothing_where_there_is_nothing) {
  EXPECT_TRUE(find_certbot(folder_.path("absent")).empty());
  EXPECT_TRUE(find_caddy(folder_.path("absent")).empty());
  EXPECT_TRUE(find_acme_sh(folder_.path("absent")).empty());
}

}  // namespace
}  // namespace gate::cert
