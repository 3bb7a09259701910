#include "cert/store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "cert/authority_for_test.h"
#include "cert/codes.h"
#include "os/codes.h"
#include "os/file.h"
#include "os/temporary_folder_for_test.h"

namespace gate::cert {
namespace {

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

class StoreTest : public testing::Test {
 protected:
  os::TemporaryFolder temporary_;
  Store store_{temporary_.path("certs")};
  Credential root_ = for_test::root("root", kNow);
  Credential leaf_ = for_test::leaf(root_, {"app.test"}, kNow);
};

TEST_F(StoreTest, gives_back_what_was_saved) {
  ASSERT_TRUE(store_.save("app.test", leaf_).has_value());
  const auto loaded = store_.load("app.test");
  ASSERT_TRUE(loaded.has_value() && loaded->has_value());
  EXPECT_EQ((*loaded)->leaf().fingerprint(), leaf_.leaf().fingerprint());
  EXPECT_EQ((*loaded)->key.public_key_info(), leaf_.key.public_key_info());
}

TEST_F(StoreTest, has_nothing_under_other_names) {
  const auto loaded = store_.load("other.test");
  ASSERT_TRUE(loaded.has_value());
  EXPECT_FALSE(loaded->has_value());
  EXPECT_TRUE(store_.list().empty());
}

TEST_F(StoreTest, keeps_files_from_others) {
  ASSERT_TRUE(store_.save("app.test", leaf_).has_value());
  EXPECT_EQ(os::inspect(store_.path_of("app.test"))->mode, 0600U);
  ASSERT_EQ(::chmod(store_.path_of("app.test").c_str(), 0604), 0);
  EXPECT_EQ(store_.load("app.test").error().code, os::kUnsafeFileMode);
}

TEST_F(StoreTest, refuses_names_that_would_leave_its_folder) {
  for (const char* name : {"..", "../up", "/etc/passwd", "a/b", ""}) {
    EXPECT_FALSE(store_.save(name, leaf_).has_value()) << name;
    EXPECT_FALSE(store_.load(name).has_value()) << name;
  }
}

TEST_F(StoreTest, takes_wildcards_and_addresses) {
  for (const char* name : {"*.app.test", "127.0.0.1", "::1"}) {
    ASSERT_TRUE(store_.save(name, leaf_).has_value()) << name;
    EXPECT_TRUE(store_.load(name)->has_value()) << name;
  }
  EXPECT_EQ(store_.list().size(), 3U);
}

TEST_F(StoreTest, refuses_a_cut_file_and_lists_it_as_unreadable) {
  ASSERT_TRUE(store_.save("app.test", leaf_).has_value());
  const auto text = os::read_file(store_.path_of("app.test"), 65536);
  ASSERT_TRUE(os::write_file_atomically(store_.path_of("app.test"), text->substr(0, 300), 0600).has_value());
  EXPECT_FALSE(store_.load("app.test").has_value());
  ASSERT_EQ(store_.list().size(), 1U);
  EXPECT_FALSE(store_.list().front().leaf.has_value());
}

}  // namespace
}  // namespace gate::cert
