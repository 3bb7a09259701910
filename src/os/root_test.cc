#include "os/root.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "os/codes.h"
#include "os/served_folder_for_test.h"

namespace gate::os {
namespace {

namespace fs = std::filesystem;

class RootTest : public ::testing::Test {
 protected:
  RootTest() : root_(folder_.path()) { root_.refresh(); }

  Miss miss(const char* name) {
    const auto file = root_.open(name);
    EXPECT_FALSE(file) << name;
    return file ? Miss::kBroken : file.error();
  }

  ServedFolder folder_;
  Root root_;
};

TEST_F(RootTest, opens_files_and_folders) {
  folder_.write("a/b.txt", "hello");
  const auto file = root_.open("a/b.txt");
  ASSERT_TRUE(file);
  EXPECT_FALSE(file->folder);
  EXPECT_EQ(file->stamp.size, 5u);
  EXPECT_TRUE(root_.open("a")->folder);
  EXPECT_TRUE(root_.open(".")->folder);
}

TEST_F(RootTest, says_absent_for_what_is_not_there) {
  folder_.write("a.txt", "");
  EXPECT_EQ(miss("b.txt"), Miss::kAbsent);
  EXPECT_EQ(miss("a.txt/b.txt"), Miss::kAbsent);
  EXPECT_EQ(miss(std::string(300, 'x').c_str()), Miss::kAbsent);
}

TEST_F(RootTest, never_leaves_the_root) {
  std::ofstream(folder_.path("secret")) << "secret";
  fs::create_symlink("../secret", folder_.path("www/relative"));
  fs::create_symlink(folder_.path("secret"), folder_.path("www/absolute"));
  fs::create_symlink("..", folder_.path("www/up"));
  fs::create_symlink("circle", folder_.path("www/circle"));
  fs::create_symlink("/proc/self/root/etc/passwd", folder_.path("www/magic"));
  for (const auto* name : {"relative", "absolute", "up", "up/secret", "circle", "magic", "../secret"}) {
    EXPECT_EQ(miss(name), Miss::kLeavesRoot) << name;
  }
}

TEST_F(RootTest, follows_links_that_stay_inside) {
  folder_.write("real/a.txt", "hello");
  fs::create_symlink("real", folder_.path("www/link"));
  fs::create_symlink("../real/a.txt", folder_.path("www/real/again"));
  EXPECT_TRUE(root_.open("link/a.txt"));
  EXPECT_TRUE(root_.open("real/again"));
}

TEST_F(RootTest, refuses_special_files_without_waiting_for_them) {
  ASSERT_EQ(::mkfifo(folder_.path("www/pipe").c_str(), 0600), 0);
  EXPECT_EQ(miss("pipe"), Miss::kSpecial);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::ranges::copy(folder_.path("www/sock"), address.sun_path);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(miss("sock"), Miss::kSpecial);
  ::close(listener);
}

TEST_F(RootTest, reports_what_permissions_keep_from_it) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  folder_.write("a.txt", "");
  fs::permissions(folder_.path("www/a.txt"), fs::perms::none);
  EXPECT_EQ(miss("a.txt"), Miss::kForbidden);
}

TEST_F(RootTest, keeps_the_old_folder_until_another_takes_its_place) {
  folder_.write("a.txt", "old");
  EXPECT_EQ(root_.refresh(), Root::Refresh::kSame);
  fs::rename(folder_.path(), folder_.path("old"));
  EXPECT_EQ(root_.refresh(), Root::Refresh::kUnavailable);
  EXPECT_TRUE(root_.open("a.txt"));
  fs::create_directory(folder_.path());
  EXPECT_EQ(root_.refresh(), Root::Refresh::kReplaced);
  EXPECT_EQ(miss("a.txt"), Miss::kAbsent);
}

TEST_F(RootTest, follows_a_root_that_is_a_link) {
  folder_.write("one/a.txt", "");
  folder_.write("two/b.txt", "");
  fs::create_symlink("www/one", folder_.path("current"));
  Root root(folder_.path("current"));
  EXPECT_EQ(root.refresh(), Root::Refresh::kReplaced);
  EXPECT_TRUE(root.open("a.txt"));
  fs::remove(folder_.path("current"));
  fs::create_symlink("www/two", folder_.path("current"));
  EXPECT_EQ(root.refresh(), Root::Refresh::kReplaced);
  EXPECT_TRUE(root.open("b.txt"));
}

TEST_F(RootTest, checks_what_cannot_be_a_root) {
  folder_.write("file", "");
  EXPECT_TRUE(Root::check(folder_.path()));
  for (const auto& path : {folder_.path("missing"), folder_.path("www/file")}) {
    const auto result = Root::check(path);
    ASSERT_FALSE(result) << path;
    EXPECT_EQ(result.error().code, kRootUnusable);
  }
}

TEST(Root, opens_nothing_before_it_was_refreshed) { EXPECT_EQ(Root("/").open("etc").error(), Miss::kBroken); }

TEST_F(RootTest, says_where_a_file_lies_that_a_link_leads_to) {
  folder_.write("release/a.txt", "a");
  fs::create_symlink("release", folder_.path("www/current"));
  const auto file = root_.locate("current/a.txt");
  ASSERT_TRUE(file);
  const std::string real = fs::canonical(folder_.path());
  EXPECT_EQ(real_path_of(file->fd.number()), real + "/release/a.txt");
  EXPECT_EQ(root_.real_path(), real);
}

TEST_F(RootTest, locates_with_the_same_bounds_as_it_opens) {
  folder_.write("a.txt", "a");
  fs::create_directory(folder_.path("www/folder"));
  fs::create_symlink("/etc/passwd", folder_.path("www/out"));
  EXPECT_TRUE(root_.locate("a.txt"));
  EXPECT_TRUE(root_.locate("folder")->folder);
  EXPECT_EQ(root_.locate("absent").error(), Miss::kAbsent);
  EXPECT_EQ(root_.locate("a.txt/below").error(), Miss::kAbsent);
  EXPECT_EQ(root_.locate("out").error(), Miss::kLeavesRoot);
  EXPECT_EQ(root_.locate("../www/a.txt").error(), Miss::kLeavesRoot);
}

}  // namespace
}  // namespace gate::os
