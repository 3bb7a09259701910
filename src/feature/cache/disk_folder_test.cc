#include "feature/cache/disk_folder.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "http/testing/fake_exchange.h"
#include "os/temporary_folder_for_test.h"

namespace gate::cache {
namespace {

using std::chrono::seconds;

class DiskFolderTest : public ::testing::Test {
 protected:
  std::unique_ptr<DiskFolder> open(std::uint64_t bytes_max = 1'000'000) {
    auto folder = DiskFolder::open(folder_.path("kept"), bytes_max, clock_);
    EXPECT_TRUE(folder);
    return *std::move(folder);
  }

  StoredResponse response(std::string key, std::string body, std::vector<VaryField> vary = {},
                          std::vector<std::string> tags = {}) {
    StoredHead head{.key = std::move(key), .status = 200, .vary = std::move(vary), .tags = std::move(tags)};
    head.freshness = {.received_at = clock_.now(), .lifetime = Seconds{60}};
    return {std::make_shared<const StoredHead>(std::move(head)), std::make_shared<const std::string>(std::move(body))};
  }

  std::string found(DiskFolder& folder, std::string_view key) {
    const auto all = folder.load(key);
    return all.empty() ? "(none)" : *all.front().body;
  }

  std::filesystem::path only_file() const { return std::filesystem::directory_iterator(folder_.path("kept"))->path(); }

  os::TemporaryFolder folder_;
  http::testing::FakeClock clock_;
};

TEST_F(DiskFolderTest, gives_back_what_was_saved_also_after_a_restart) {
  auto folder = open();
  folder->save(response("a", "1"));
  folder->save(response("b", "2"));
  folder->save(response("a", "3"));
  EXPECT_EQ(found(*folder, "a"), "3");
  folder = open();
  EXPECT_EQ(found(*folder, "a"), "(none)");
  EXPECT_TRUE(folder->take_stock(1));
  EXPECT_FALSE(folder->take_stock(10));
  EXPECT_EQ(found(*folder, "a"), "3");
  EXPECT_EQ(found(*folder, "b"), "2");
  EXPECT_EQ(folder->counts().files, 2u);
}

TEST_F(DiskFolderTest, keeps_variants_side_by_side_and_gives_out_the_newest_first) {
  auto folder = open();
  folder->save(response("a", "de", {{"accept-language", "de"}}));
  clock_.instant += seconds{2};
  clock_.wall_time += seconds{2};
  folder->save(response("a", "en", {{"accept-language", "en"}}));
  const auto all = folder->load("a");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(*all[0].body, "en");
}

TEST_F(DiskFolderTest, never_takes_more_than_its_bytes_and_spares_what_was_asked_for) {
  auto folder = open(20'000);
  folder->save(response("loved", std::string(1000, 'x')));
  for (int i = 0; i < 50; ++i) {
    folder->save(response(std::to_string(i), std::string(1000, 'x')));
    ASSERT_LE(folder->counts().bytes, 20'000u);
    ASSERT_NE(found(*folder, "loved"), "(none)");
  }
  EXPECT_EQ(found(*folder, "0"), "(none)");
  folder->save(response("large", std::string(20'000, 'x')));
  EXPECT_EQ(found(*folder, "large"), "(none)");
  folder->limit(0);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path("kept")));
}

TEST_F(DiskFolderTest, drops_and_counts_damaged_files) {
  auto folder = open();
  folder->save(response("a", "content"));
  std::ofstream(only_file(), std::ios::app) << "more";
  EXPECT_EQ(found(*folder, "a"), "(none)");
  EXPECT_EQ(folder->counts().damaged, 1u);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path("kept")));
  folder->save(response("a", "content"));
  std::ofstream(only_file(), std::ios::trunc) << "short";
  folder = open();
  folder->take_stock(10);
  EXPECT_EQ(folder->counts().damaged, 1u);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path("kept")));
}

TEST_F(DiskFolderTest, leaves_files_of_others_alone) {
  open();
  std::ofstream(folder_.path("kept/notes.txt")) << "mine";
  auto folder = open();
  folder->take_stock(10);
  folder->remove({});
  EXPECT_TRUE(std::filesystem::exists(folder_.path("kept/notes.txt")));
}

TEST_F(DiskFolderTest, purges_also_what_it_has_not_looked_at_yet) {
  open()->save(response("a", "1", {}, {"news"}));
  auto folder = open();
  folder->remove({.by = Purge::By::kTag, .text = "news"});
  EXPECT_EQ(found(*folder, "a"), "(none)");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path("kept")));
}

TEST_F(DiskFolderTest, counts_what_it_cannot_write_and_keeps_nothing_older_instead) {
  auto folder = open();
  folder->save(response("a", "old"));
  std::filesystem::remove_all(folder_.path("kept"));
  folder->save(response("a", "new"));
  EXPECT_EQ(folder->counts().failed, 1u);
  EXPECT_EQ(found(*folder, "a"), "(none)");
}

}  // namespace
}  // namespace gate::cache
