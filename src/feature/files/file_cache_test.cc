#include "feature/files/file_cache.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/text.h"
#include "http/testing/fake_exchange.h"
#include "os/served_folder_for_test.h"

namespace gate::files {
namespace {

using namespace std::chrono_literals;
using http::ContentCoding;

class FileCacheTest : public ::testing::Test {
 protected:
  std::string content(const FileVersion& version) {
    std::string text(version.size() + 1, '\0');
    text.resize(version.read(0, std::as_writable_bytes(std::span(text))));
    return text;
  }
  std::string content(const std::string& name) {
    const auto file = cache_.find(name);
    return file ? content(*(*file)->plain()) : "missing";
  }

  os::ServedFolder folder_;
  http::testing::FakeClock clock_;
  http::MediaTypes types_;
  http::CacheBudget budget_{{.bytes = 200'000, .descriptors = 2}};
  FileCache cache_{os::Root(folder_.path()), clock_, types_, budget_};
};

TEST_F(FileCacheTest, holds_small_files_in_memory_and_large_ones_open) {
  folder_.write("small.txt", std::string(FileVersion::kInMemoryMax, 's'));
  folder_.write("large.txt", std::string(FileVersion::kInMemoryMax + 1, 'l'));
  EXPECT_TRUE((*cache_.find("small.txt"))->plain()->in_memory());
  EXPECT_FALSE((*cache_.find("large.txt"))->plain()->in_memory());
  EXPECT_EQ(content("large.txt"), std::string(FileVersion::kInMemoryMax + 1, 'l'));
  EXPECT_EQ(budget_.used().descriptors, 1u);
}

TEST_F(FileCacheTest, sees_a_change_after_the_time_it_trusts) {
  folder_.write("a.txt", "old");
  EXPECT_EQ(content("a.txt"), "old");
  folder_.replace("a.txt", "new");
  clock_.instant += FileCache::kTrusted - 1ms;
  EXPECT_EQ(content("a.txt"), "old") << "no system call on a warm hit";
  clock_.instant += 1ms;
  EXPECT_EQ(content("a.txt"), "new");
}

TEST_F(FileCacheTest, forgets_a_file_that_was_removed) {
  folder_.write("a.txt", "old");
  EXPECT_EQ(content("a.txt"), "old");
  std::filesystem::remove(folder_.path("www/a.txt"));
  clock_.instant += FileCache::kTrusted;
  EXPECT_EQ(content("a.txt"), "missing");
  EXPECT_EQ(cache_.size(), 0u);
  EXPECT_EQ(budget_.used().bytes, 0u);
}

TEST_F(FileCacheTest, keeps_what_it_has_while_the_file_stays_the_same) {
  folder_.write("a.txt", "same");
  const auto first = (*cache_.find("a.txt"))->plain();
  clock_.instant += 5s;
  EXPECT_EQ(&*(*cache_.find("a.txt"))->plain(), &*first);
}

TEST_F(FileCacheTest, reads_again_what_was_modified_a_moment_ago) {
  const auto just_now = std::chrono::system_clock::to_time_t(clock_.wall_time);
  folder_.write("a.txt", "one", just_now);
  EXPECT_EQ(content("a.txt"), "one");
  folder_.write("a.txt", "two", just_now);  // same size, same time, same inode
  clock_.instant += FileCache::kTrusted;
  EXPECT_EQ(content("a.txt"), "two");
}

TEST_F(FileCacheTest, looks_at_the_state_of_a_large_file_each_time) {
  folder_.write("a.bin", std::string(100'000, 'x'));
  const std::string before((*cache_.find("a.bin"))->plain()->etag());
  folder_.write("a.bin", std::string(90'000, 'x'));
  const auto now = cache_.find("a.bin");
  EXPECT_EQ((*now)->plain()->size(), 90'000u);
  EXPECT_NE((*now)->plain()->etag(), before);
}

TEST_F(FileCacheTest, lets_a_reader_finish_with_a_file_that_was_replaced) {
  folder_.write("a.bin", std::string(100'000, 'x'));
  const auto held = (*cache_.find("a.bin"))->plain();
  folder_.replace("a.bin", "short");
  clock_.instant += FileCache::kTrusted;
  EXPECT_EQ(content("a.bin"), "short");
  EXPECT_EQ(content(*held), std::string(100'000, 'x'));
}

TEST_F(FileCacheTest, evicts_what_was_used_longest_ago) {
  for (const auto* name : {"a", "b", "c", "d"}) folder_.write(name, std::string(60'000, *name));
  for (const auto* name : {"a", "b", "c"}) content(name);
  content("a");
  content("d");
  EXPECT_EQ(cache_.size(), 3u);
  std::filesystem::remove(folder_.path("www/a"));
  std::filesystem::remove(folder_.path("www/b"));
  EXPECT_EQ(content("a"), std::string(60'000, 'a'));
  EXPECT_EQ(content("b"), "missing");
}

TEST_F(FileCacheTest, serves_without_keeping_when_the_budget_is_spent) {
  folder_.write("a", std::string(60'000, 'a'));
  ASSERT_TRUE(budget_.reserve({.bytes = 199'900}));
  EXPECT_EQ(content("a"), std::string(60'000, 'a'));
  EXPECT_EQ(cache_.size(), 0u);
  budget_.release({.bytes = 199'900});
  EXPECT_EQ(content("a"), std::string(60'000, 'a'));
  EXPECT_EQ(cache_.size(), 1u);
}

TEST_F(FileCacheTest, gives_everything_back_in_the_end) {
  for (const auto* name : {"a", "b", "c", "d"}) folder_.write(name, std::string(70'000, *name));
  {
    FileCache cache(os::Root(folder_.path()), clock_, types_, budget_);
    for (const auto* name : {"a", "b", "c", "d"}) EXPECT_TRUE(cache.find(name));
    EXPECT_EQ(budget_.used().descriptors, 2u);
  }
  EXPECT_EQ(budget_.used().descriptors, 0u);
  EXPECT_EQ(budget_.used().bytes, 0u);
}

TEST_F(FileCacheTest, forgets_everything_when_the_root_is_replaced) {
  folder_.write("a", "old");
  EXPECT_EQ(content("a"), "old");
  std::filesystem::rename(folder_.path(), folder_.path("old"));
  std::filesystem::create_directory(folder_.path());
  clock_.instant += FileCache::kTrusted;
  EXPECT_EQ(content("a"), "missing");
}

TEST_F(FileCacheTest, finds_compressed_siblings) {
  folder_.write("a.js", "plain");
  folder_.write("a.js.br", "brotli");
  folder_.write("a.js.gz", "gzip, made earlier", os::ServedFolder::kModified - 1);
  auto& file = **cache_.find("a.js");
  const auto brotli = cache_.sibling(file, ContentCoding::kBrotli);
  ASSERT_TRUE(brotli);
  EXPECT_EQ(content(*brotli), "brotli");
  EXPECT_NE(brotli->etag(), file.plain()->etag());
  EXPECT_TRUE(brotli->etag().ends_with("-br\""));
  EXPECT_FALSE(cache_.sibling(file, ContentCoding::kGzip)) << "older than the file itself";
  EXPECT_FALSE(cache_.sibling(file, ContentCoding::kZstd));
}

TEST_F(FileCacheTest, remembers_that_there_is_no_sibling) {
  folder_.write("a.js", "plain");
  auto& file = **cache_.find("a.js");
  EXPECT_FALSE(cache_.sibling(file, ContentCoding::kZstd));
  folder_.write("a.js.zst", "late");
  EXPECT_FALSE(cache_.sibling(file, ContentCoding::kZstd));
  clock_.instant += FileCache::kTrusted;
  EXPECT_TRUE(cache_.sibling(file, ContentCoding::kZstd));
}

TEST_F(FileCacheTest, gives_up_siblings_with_their_file) {
  folder_.write("a.js", "plain");
  folder_.write("a.js.br", std::string(50'000, 'b'));
  folder_.write("b.js", std::string(60'000, 'c'));
  EXPECT_TRUE(cache_.sibling(**cache_.find("a.js"), ContentCoding::kBrotli));
  EXPECT_GT(budget_.used().bytes, 50'000u);
  for (int i = 0; i < 3; ++i) {
    folder_.write("big" + std::to_string(i), std::string(60'000, 'x'));
    content("big" + std::to_string(i));
  }
  EXPECT_EQ(cache_.size(), 3u);
  EXPECT_EQ(content("a.js"), "plain");
}

}  // namespace
}  // namespace gate::files
