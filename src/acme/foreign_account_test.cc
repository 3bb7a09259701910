#include "acme/foreign_account.h"

#include <gtest/gtest.h>

#include <string>

#include "acme/codes.h"
#include "jose/codes.h"
#include "os/file.h"
#include "os/temporary_folder_for_test.h"

namespace gate::acme {
namespace {

// RFC 7517 A.2.
const std::string kKey =
    R"({"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
    R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"})";

class ForeignAccountTest : public testing::Test {
 protected:
  void keep(const std::string& folder, const std::string& key, const std::string& facts) const {
    ASSERT_TRUE(os::make_directories(path(folder), 0700));
    ASSERT_TRUE(os::write_file_atomically(path(folder) + "/private_key.json", key, 0600));
    ASSERT_TRUE(os::write_file_atomically(path(folder) + "/regr.json", facts, 0600));
  }
  std::string path(const std::string& folder) const { return folder_.path() + "/" + folder; }

  const os::TemporaryFolder folder_;
};

TEST_F(ForeignAccountTest, is_found_by_the_path_of_its_authority) {
  keep("ca.example/acme/directory/0f3a", kKey, R"({"body":{},"uri":"https://ca.example/acct/17"})");
  keep("other.example:8443/dir/77aa", kKey, R"({"uri":"https://other.example:8443/acct/1"})");
  const auto found = find_certbot_accounts(folder_.path());
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].directory, "https://ca.example/acme/directory");
  EXPECT_EQ(found[1].directory, "https://other.example:8443/dir");
  const auto account = read_foreign_account(found[0], {});
  ASSERT_TRUE(account) << account.error().why;
  EXPECT_EQ(account->url, "https://ca.example/acct/17");
  EXPECT_EQ(account->directory, "https://ca.example/acme/directory");
}

TEST_F(ForeignAccountTest, is_told_where_it_cannot_be_read) {
  keep("a.example/dir/1", "{}", R"({"uri":"https://a.example/1"})");
  keep("b.example/dir/1", kKey, R"({"uri":17})");
  keep("c.example/dir/1", kKey, "x");
  const auto found = find_certbot_accounts(folder_.path());
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(read_foreign_account(found[0], {}).error().code, jose::kBadJwk);
  EXPECT_EQ(read_foreign_account(found[1], {}).error().code, kForeignAccount);
  EXPECT_EQ(read_foreign_account(found[2], {}).error().code, kForeignAccount);
}

TEST_F(ForeignAccountTest, is_none_where_there_is_no_folder) {
  EXPECT_TRUE(find_certbot_accounts(path("nowhere")).empty());
}

}  // namespace
}  // namespace gate::acme
