#include "os/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "os/codes.h"
#include "os/temporary_folder_for_test.h"

namespace gate::os {
namespace {

using testing::HasSubstr;

mode_t mode_of(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 07777;
}

std::size_t files_in(const std::string& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

TEST(ReadFile, yields_what_was_written) {
  const TemporaryFolder folder;
  const std::string content = std::string("a\0b", 3) + std::string(100'000, 'x');
  ASSERT_TRUE(write_file_atomically(folder.path("f"), content, 0600));
  EXPECT_EQ(read_file(folder.path("f"), content.size()), content);
}

TEST(ReadFile, refuses_one_byte_above_the_bound) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomically(folder.path("f"), "12345", 0600));
  EXPECT_TRUE(read_file(folder.path("f"), 5));
  const auto refused = read_file(folder.path("f"), 4);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, kFileTooLarge);
}

TEST(ReadFile, bounds_a_file_that_never_ends_though_its_size_is_zero) {
  EXPECT_EQ(read_file("/dev/zero", 10).error().code, kNotAFile);
  const auto grown = read_file("/proc/self/maps", 16);
  ASSERT_FALSE(grown);
  EXPECT_EQ(grown.error().code, kFileTooLarge);
}

TEST(ReadFile, names_the_missing_file_and_the_reason) {
  const auto missing = read_file("/nowhere/at/all", 10);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().what, HasSubstr("/nowhere/at/all"));
  EXPECT_THAT(missing.error().why, HasSubstr("No such file"));
}

TEST(ReadFile, refuses_a_folder_and_does_not_wait_for_a_pipe) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_file(folder.path(), 10).error().code, kNotAFile);
  ASSERT_EQ(::mkfifo(folder.path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_file(folder.path("pipe"), 10).error().code, kNotAFile);
}

TEST(WriteFileAtomically, replaces_content_and_mode_and_leaves_nothing_else) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomically(folder.path("f"), "old", 0644));
  ASSERT_TRUE(write_file_atomically(folder.path("f"), "new", 0600));
  EXPECT_EQ(read_file(folder.path("f"), 10), "new");
  EXPECT_EQ(mode_of(folder.path("f")), 0600U);
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(WriteFileAtomically, has_exactly_the_mode_asked_for_whatever_the_umask) {
  const TemporaryFolder folder;
  const mode_t before = ::umask(0077);
  ASSERT_TRUE(write_file_atomically(folder.path("f"), "x", 0644));
  ::umask(before);
  EXPECT_EQ(mode_of(folder.path("f")), 0644U);
}

TEST(WriteFileAtomically, keeps_an_open_reader_on_the_old_content) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomically(folder.path("f"), "old", 0600));
  const auto before = inspect(folder.path("f"));
  ASSERT_TRUE(write_file_atomically(folder.path("f"), "new", 0600));
  EXPECT_FALSE(before->same_file(*inspect(folder.path("f"))));
}

TEST(WriteFileAtomically, replaces_a_symbolic_link_and_not_its_target) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomically(folder.path("target"), "kept", 0600));
  ASSERT_EQ(::symlink(folder.path("target").c_str(), folder.path("link").c_str()), 0);
  ASSERT_TRUE(write_file_atomically(folder.path("link"), "new", 0600));
  EXPECT_EQ(read_file(folder.path("target"), 10), "kept");
  EXPECT_EQ(read_file(folder.path("link"), 10), "new");
}

TEST(WriteFileAtomically, leaves_no_temporary_file_when_it_fails) {
  const TemporaryFolder folder;
  ASSERT_TRUE(make_directories(folder.path("f/inside"), 0700));
  EXPECT_FALSE(write_file_atomically(folder.path("f"), "x", 0600));  // a full folder cannot be replaced
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(WriteFileAtomically, keeps_the_owner_when_root_replaces_a_file) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomically(folder.path("f"), "x", 0600));
  ASSERT_EQ(::chown(folder.path("f").c_str(), 4711, 4712), 0);
  ASSERT_TRUE(write_file_atomically(folder.path("f"), "y", 0600));
  EXPECT_EQ(inspect(folder.path("f"))->owner, 4711U);
  EXPECT_EQ(inspect(folder.path("f"))->group, 4712U);
}

TEST(MakeDirectories, creates_the_whole_path_and_is_content_with_an_existing_one) {
  const TemporaryFolder folder;
  ASSERT_TRUE(make_directories(folder.path("a/b/c"), 0700));
  EXPECT_TRUE(make_directories(folder.path("a/b/c"), 0700));
  EXPECT_TRUE(make_directories(folder.path("a/b/d/"), 0700));
  EXPECT_EQ(mode_of(folder.path("a/b/c")), 0700U);
}

TEST(MakeDirectories, fails_where_a_file_is_in_the_way) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomically(folder.path("a"), "x", 0600));
  EXPECT_EQ(make_directories(folder.path("a"), 0700).error().code, kCannotMakeFolder);
  EXPECT_EQ(make_directories(folder.path("a/b"), 0700).error().code, kCannotMakeFolder);
}

TEST(RemoveFile, is_content_when_there_is_none) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomically(folder.path("a"), "x", 0600));
  EXPECT_TRUE(remove_file(folder.path("a")));
  EXPECT_TRUE(remove_file(folder.path("a")));
  EXPECT_FALSE(remove_file(folder.path()));
}

TEST(CheckPrivate, accepts_0600_and_0640_and_refuses_more) {
  const TemporaryFolder folder;
  const std::string key = folder.path("key");
  ASSERT_TRUE(write_file_atomically(key, "x", 0600));
  EXPECT_TRUE(check_private(key, "private key"));
  ::chmod(key.c_str(), 0640);
  EXPECT_TRUE(check_private(key, "private key"));
  for (const mode_t mode : {0644U, 0660U, 0602U}) {
    ::chmod(key.c_str(), mode);
    const auto refused = check_private(key, "private key");
    ASSERT_FALSE(refused) << mode;
    EXPECT_EQ(refused.error().code, kUnsafeFileMode);
  }
}

TEST(CheckPrivate, refuses_a_file_of_another_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomically(folder.path("key"), "x", 0600));
  ASSERT_EQ(::chown(folder.path("key").c_str(), 4711, 4711), 0);
  EXPECT_EQ(check_private(folder.path("key"), "private key").error().code, kUnsafeFileMode);
}

TEST(CheckPrivate, lets_root_read_the_secret_of_a_folders_owner) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const TemporaryFolder folder;
  ASSERT_TRUE(make_directories(folder.path("state"), 0700));
  ASSERT_TRUE(write_file_atomically(folder.path("state/key"), "x", 0600));
  ASSERT_EQ(::chown(folder.path("state/key").c_str(), 4711, 4711), 0);
  EXPECT_FALSE(check_private(folder.path("state/key"), "private key"));
  ASSERT_EQ(::chown(folder.path("state").c_str(), 4711, 4711), 0);
  EXPECT_TRUE(check_private(folder.path("state/key"), "private key"));
}

TEST(File, has_a_second_name_and_is_renamed) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomically(folder.path("one"), "first", 0600));
  ASSERT_TRUE(link_file(folder.path("one"), folder.path("two")));
  EXPECT_TRUE(link_file(folder.path("one"), folder.path("two"))) << "again";
  ASSERT_TRUE(write_file_atomically(folder.path("one"), "second", 0600));
  EXPECT_EQ(*read_file(folder.path("two"), 100), "first");
  ASSERT_TRUE(rename_file(folder.path("one"), folder.path("two")));
  EXPECT_EQ(*read_file(folder.path("two"), 100), "second");
  EXPECT_EQ(rename_file(folder.path("one"), folder.path("two")).error().code, kCannotWriteFile);
  EXPECT_EQ(link_file(folder.path("one"), folder.path("three")).error().code, kCannotWriteFile);
}

TEST(FileLock, excludes_a_second_holder_until_it_is_gone) {
  const TemporaryFolder folder;
  {
    const auto first = FileLock::acquire(folder.path("lock"));
    ASSERT_TRUE(first);
    const auto second = FileLock::acquire(folder.path("lock"));
    EXPECT_EQ(second.error().code, kLockedByAnother);
    EXPECT_EQ(second.error().why, "process " + std::to_string(::getpid()) + " is using this folder");
  }
  EXPECT_TRUE(FileLock::acquire(folder.path("lock")));
}

}  // namespace
}  // namespace gate::os
