#include "cert/store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

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

TEST_F(StoreTest, removes_everything_under_a_name_and_nothing_else) {
  ASSERT_TRUE(store_.save("app.test", leaf_).has_value());
  ASSERT_TRUE(store_.save("app.test", for_test::leaf(root_, {"app.test"}, kNow)).has_value());
  ASSERT_TRUE(store_.save("other.test", leaf_).has_value());
  ASSERT_TRUE(store_.remove("app.test").has_value());
  EXPECT_FALSE(std::filesystem::exists(temporary_.path("certs/app.test")));
  EXPECT_TRUE(store_.load("other.test")->has_value());
  EXPECT_TRUE(store_.remove("app.test").has_value()) << "it is gone already";
  EXPECT_FALSE(store_.remove("../certs").has_value());
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

TEST_F(StoreTest, keeps_what_it_replaces_newest_first_and_not_for_ever) {
  std::vector<Credential> issued;
  for (std::size_t i = 0; i < Store::kHistoryMax + 3; ++i) {
    issued.push_back(for_test::leaf(root_, {"app.test"}, kNow + std::chrono::days(i)));
    ASSERT_TRUE(store_.save("app.test", issued.back()).has_value());
  }
  const auto history = store_.history("app.test");
  ASSERT_EQ(history.size(), Store::kHistoryMax);
  EXPECT_EQ(history.front().fingerprint(), issued[issued.size() - 2].leaf().fingerprint());
  EXPECT_EQ(history.back().fingerprint(), issued[2].leaf().fingerprint());
}

TEST_F(StoreTest, keeps_no_history_of_what_is_saved_again) {
  ASSERT_TRUE(store_.save("app.test", leaf_).has_value());
  ASSERT_TRUE(store_.save("app.test", leaf_).has_value());
  EXPECT_TRUE(store_.history("app.test").empty());
}

TEST_F(StoreTest, keeps_facts_beside_the_credential) {
  EXPECT_EQ(store_.load_facts("app.test"), RenewalFacts{});
  const RenewalFacts facts{.directory = "https://ca.test/dir", .first_issued = kNow, .failures = 2};
  ASSERT_TRUE(store_.save_facts("app.test", facts).has_value());
  EXPECT_EQ(store_.load_facts("app.test"), facts);
  EXPECT_EQ(store_.open("app.test")->facts, facts);
}

class DamagedStoreTest : public StoreTest {
 protected:
  DamagedStoreTest() {
    EXPECT_TRUE(store_.save("app.test", former_).has_value());
    EXPECT_TRUE(store_.save("app.test", leaf_).has_value());
  }

  std::size_t files_named(std::string_view part) const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(temporary_.path("certs/app.test")))
      count += entry.path().filename().string().find(part) != std::string::npos ? 1 : 0;
    return count;
  }

  void damage(std::string_view text) {
    ASSERT_TRUE(os::write_file_atomically(store_.path_of("app.test"), text, 0600).has_value());
  }

  Credential former_ = for_test::leaf(root_, {"app.test"}, kNow - std::chrono::days(30));
};

TEST_F(DamagedStoreTest, puts_the_newest_good_one_of_the_history_in_the_place_of_a_damaged_one) {
  for (const std::string& text : {std::string(), std::string("garbage"), leaf_.leaf().to_pem(), leaf_.key.to_pem(),
                                  root_.key.to_pem() + leaf_.leaf().to_pem(), std::string(300'000, 'x')}) {
    damage(text);
    const auto opened = store_.open("app.test");
    ASSERT_TRUE(opened && opened->credential) << text.substr(0, 80);
    EXPECT_EQ(opened->credential->leaf().fingerprint(), former_.leaf().fingerprint());
    ASSERT_EQ(opened->damages.size(), 1U);
    EXPECT_EQ(opened->damages.front().code, kStoreDamaged);
    EXPECT_GE(files_named("credential.pem.damaged-"), 1U);
    EXPECT_TRUE(store_.open("app.test")->damages.empty()) << "it is repaired";
  }
}

TEST_F(DamagedStoreTest, has_none_when_the_history_is_damaged_too) {
  damage("garbage");
  for (const auto& entry : std::filesystem::directory_iterator(temporary_.path("certs/app.test/history")))
    ASSERT_TRUE(os::write_file_atomically(entry.path().string(), "garbage", 0600).has_value());
  const auto opened = store_.open("app.test");
  ASSERT_TRUE(opened.has_value());
  EXPECT_FALSE(opened->credential.has_value());
  EXPECT_EQ(opened->damages.size(), 1U);
}

TEST_F(DamagedStoreTest, begins_with_new_facts_when_the_old_ones_are_damaged) {
  const std::string file = temporary_.path("certs/app.test/facts.json");
  ASSERT_TRUE(os::write_file_atomically(file, "{\"failures\":", 0600).has_value());
  EXPECT_EQ(store_.load_facts("app.test").error().code, kFactsUnreadable);
  const auto opened = store_.open("app.test");
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->facts, RenewalFacts{});
  EXPECT_EQ(opened->damages.size(), 1U);
  EXPECT_EQ(files_named("facts.json.damaged-"), 1U);
}

TEST_F(DamagedStoreTest, repairs_nothing_that_others_may_read) {
  ASSERT_EQ(::chmod(store_.path_of("app.test").c_str(), 0604), 0);
  EXPECT_EQ(store_.open("app.test").error().code, os::kUnsafeFileMode);
  EXPECT_EQ(files_named("damaged"), 0U);
}

TEST_F(DamagedStoreTest, removes_what_a_killed_process_has_left_but_not_what_is_being_written) {
  const std::string left = store_.path_of("app.test") + ".abcdef";
  const std::string written = store_.path_of("app.test") + ".ghijkl";
  ASSERT_TRUE(os::write_file_atomically(left, "key", 0600) && os::write_file_atomically(written, "key", 0600));
  std::filesystem::last_write_time(left, std::filesystem::last_write_time(left) - std::chrono::hours(1));
  ASSERT_TRUE(store_.save("app.test", for_test::leaf(root_, {"app.test"}, kNow)).has_value());
  EXPECT_FALSE(os::inspect(left).has_value());
  EXPECT_TRUE(os::inspect(written).has_value());
}

TEST_F(StoreTest, is_locked_by_one_at_a_time_and_says_by_whom) {
  const auto held = store_.lock("app.test");
  ASSERT_TRUE(held.has_value());
  const auto second = store_.lock("app.test");
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, os::kLockedByAnother);
  EXPECT_NE(second.error().why.find(std::to_string(::getpid())), std::string::npos) << second.error().why;
  EXPECT_TRUE(store_.lock("other.test").has_value());
}

}  // namespace
}  // namespace gate::cert
