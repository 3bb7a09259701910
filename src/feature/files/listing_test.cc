#include "feature/files/listing.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "http/testing/fake_exchange.h"
#include "os/served_folder_for_test.h"

namespace gate::files {
namespace {

class ListingTest : public ::testing::Test {
 protected:
  Listing list(const char* path = ".") {
    auto folder = cache_.open(path);
    EXPECT_TRUE(folder);
    return read_listing(*std::move(folder), path, cache_);
  }
  static std::vector<std::string> names(const Listing& listing) {
    std::vector<std::string> result;
    for (const auto& file : listing.files) result.push_back(file.name);
    return result;
  }

  os::ServedFolder folder_;
  http::testing::FakeClock clock_;
  http::MediaTypes types_;
  http::CacheBudget budget_;
  FileCache cache_{os::Root(folder_.path()), clock_, types_, budget_};
};

TEST_F(ListingTest, puts_folders_first_and_sorts_by_name) {
  for (const auto* name : {"b.txt", "A.txt", "a.txt", "Z/x", "y/x", "10"}) folder_.write(name, "");
  EXPECT_EQ(names(list()), (std::vector<std::string>{"y", "Z", "10", "A.txt", "a.txt", "b.txt"}));
  EXPECT_EQ(names(list("y")), std::vector<std::string>{"x"});
}

TEST_F(ListingTest, shows_only_what_could_be_asked_for) {
  std::ofstream(folder_.path("secret")) << "secret";
  folder_.write(".hidden", "");
  folder_.write("sub/real.txt", "12345");
  std::filesystem::create_symlink("../secret", folder_.path("www/leaving"));
  std::filesystem::create_symlink("nowhere", folder_.path("www/dangling"));
  std::filesystem::create_symlink("real.txt", folder_.path("www/sub/link"));
  ASSERT_EQ(::mkfifo(folder_.path("www/pipe").c_str(), 0600), 0);
  EXPECT_EQ(names(list()), std::vector<std::string>{"sub"});
  const auto sub = list("sub");
  EXPECT_EQ(names(sub), (std::vector<std::string>{"link", "real.txt"}));
  EXPECT_EQ(sub.files[0].size, 5u) << "a link is shown as what it leads to";
}

TEST_F(ListingTest, is_bounded) {
  for (std::size_t i = 0; i <= Listing::kFilesMax; ++i) std::ofstream(folder_.path("www/" + std::to_string(i)));
  const auto listing = list();
  EXPECT_EQ(listing.files.size(), Listing::kFilesMax);
  EXPECT_TRUE(listing.cut_off);
  EXPECT_NE(listing_as_html(listing, "/").find("Only 4096 entries"), std::string::npos);
}

TEST(ListingPage, lets_no_name_become_markup) {
  const Listing listing{.files = {{.name = "<script>&\"'.html", .folder = false, .size = 1, .modified = {}}}};
  const auto page = listing_as_html(listing, "/<b>/");
  EXPECT_EQ(page.find("<script>"), std::string::npos);
  EXPECT_EQ(page.find("<b>"), std::string::npos);
  EXPECT_NE(page.find("href=\"./%3Cscript%3E%26%22%27.html\""), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;&amp;&quot;&#39;.html"), std::string::npos);
}

TEST(ListingPage, keeps_names_with_colons_relative) {
  const Listing listing{.files = {{.name = "javascript:alert(1)", .folder = false, .size = 1, .modified = {}}}};
  EXPECT_NE(listing_as_html(listing, "/").find("href=\"./javascript%3Aalert%281%29\""), std::string::npos);
}

TEST(ListingPage, shows_sizes_and_dates_for_people) {
  const auto row = [](std::uint64_t size) {
    const std::chrono::sys_seconds modified{std::chrono::seconds{os::ServedFolder::kModified}};
    return listing_as_html({.files = {{.name = "a", .folder = false, .size = size, .modified = modified}}}, "/a/");
  };
  EXPECT_NE(row(999).find(">999 B<"), std::string::npos);
  EXPECT_NE(row(1000).find(">1.0 kB<"), std::string::npos);
  EXPECT_NE(row(123'456).find(">123 kB<"), std::string::npos);
  EXPECT_NE(row(999'999).find(">1.0 MB<"), std::string::npos);
  EXPECT_NE(row(UINT64_MAX).find(">18 EB<"), std::string::npos);
  EXPECT_NE(row(1).find(">2026-07-01 00:00<"), std::string::npos);
}

TEST(ListingPage, leads_up_but_not_beyond_the_site) {
  EXPECT_NE(listing_as_html({}, "/a/").find("href=\"../\""), std::string::npos);
  EXPECT_EQ(listing_as_html({}, "/").find("href=\"../\""), std::string::npos);
}

TEST(ListingJson, replaces_bytes_that_are_no_text) {
  const Listing listing{.files = {{.name = "\xff", .folder = true, .size = 0, .modified = {}}}};
  EXPECT_NE(listing_as_json(listing, "/").find("\"name\":\"\xef\xbf\xbd\""), std::string::npos);
}

}  // namespace
}  // namespace gate::files
