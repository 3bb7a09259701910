#include "app/ech_key_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "os/codes.h"
#include "os/file.h"
#include "os/temporary_folder_for_test.h"

namespace gate::app {
namespace {

using namespace std::chrono_literals;

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

class EchKeyStoreTest : public testing::Test {
 protected:
  tls::EchKeys load(const std::string& outer_name = "cover.example") const {
    auto keys = load_ech_keys(folder_.path("state"), outer_name, kNow);
    EXPECT_TRUE(keys.has_value()) << keys.error().what;
    return *std::move(keys);
  }
  std::string file() const { return folder_.path("state") + "/ech.json"; }
  void SetUp() override { ASSERT_TRUE(os::make_directories(folder_.path("state"), 0700)); }

  os::TemporaryFolder folder_;
};

TEST_F(EchKeyStoreTest, keys_outlive_a_restart) {
  const auto first = load().rotated(kNow + 24h);
  ASSERT_TRUE(save_ech_keys(folder_.path("state"), first));
  const auto again = load();
  EXPECT_EQ(again.published(), first.published());
  EXPECT_EQ(again.keys().size(), 2U);
  EXPECT_EQ(again.keys().front().made, kNow + 24h);
}

TEST_F(EchKeyStoreTest, nobody_else_reads_them) {
  load();
  struct stat facts{};
  ASSERT_EQ(stat(file().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
  ASSERT_EQ(chmod(file().c_str(), 0644), 0);
  const auto open = load_ech_keys(folder_.path("state"), "cover.example", kNow);
  ASSERT_FALSE(open.has_value());
  EXPECT_EQ(open.error().code, os::kUnsafeFileMode);
}

TEST_F(EchKeyStoreTest, another_outer_name_begins_with_a_key_of_its_own) {
  const auto before = load();
  const auto after = load("other.example");
  EXPECT_EQ(after.outer_name(), "other.example");
  ASSERT_EQ(after.keys().size(), 2U);
  EXPECT_EQ(after.keys().back().config, before.keys().front().config) << "what is in DNS caches still opens";
  EXPECT_EQ(load("other.example").published(), after.published());
}

TEST_F(EchKeyStoreTest, what_is_of_no_use_is_kept_aside) {
  for (const std::string text :
       {"", "[]", "{\"outer_name\":1,\"keys\":[]}", "{\"outer_name\":\"cover.example\",\"keys\":[]}",
        "{\"outer_name\":\"cover.example\",\"keys\":[{\"made\":7}]}",
        "{\"outer_name\":\"cover.example\",\"keys\":[{\"made\":\"2026-01-01T00:00:00Z\",\"secret\":\"zz\"}]}"}) {
    ASSERT_TRUE(os::write_file_atomically(file(), text, 0600));
    EXPECT_EQ(load().keys().size(), 1U);
    EXPECT_EQ(os::read_file(file() + ".unusable", 1000), text);
  }
}

}  // namespace
}  // namespace gate::app
