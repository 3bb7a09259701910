#include "cert/archive.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "cert/codes.h"
#include "os/file.h"
#include "os/temporary_folder_for_test.h"

namespace gate::cert {
namespace {

std::vector<ArchivedFile> files() {
  return {{"ca/root.key", "key"},
          {"certificates/acme/example.com/credential.pem", std::string(512, 'x')},
          {"certificates/acme/" + std::string(250, 'a') + "/credential.pem", std::string(5000, 'y')},
          {"empty", ""}};
}

TEST(Archive, gives_back_what_was_put_in) {
  const auto read = read_archive(write_archive(files()), "backup");
  ASSERT_TRUE(read.has_value()) << read.error().why;
  EXPECT_EQ(*read, files());
  EXPECT_TRUE(read_archive(write_archive({}), "backup")->empty());
}

TEST(Archive, is_one_for_every_tar) {
  const os::TemporaryFolder folder;
  ASSERT_TRUE(os::write_file_atomically(folder.path("backup.tar"), write_archive(files()), 0600));
  const std::string command = "cd " + folder.path() + " && tar xf backup.tar";
  ASSERT_EQ(std::system(command.c_str()), 0);
  for (const ArchivedFile& each : files()) EXPECT_EQ(*os::read_file(folder.path(each.path), 10'000), each.content);
}

TEST(Archive, is_refused_when_it_is_cut_anywhere) {
  const std::string whole = write_archive(files());
  for (std::size_t length = 0; length < whole.size(); length += 13)
    EXPECT_FALSE(read_archive(std::string_view(whole).substr(0, length), "backup").has_value()) << length;
  EXPECT_FALSE(read_archive(whole + "x", "backup").has_value());
}

TEST(Archive, is_refused_when_a_header_has_changed) {
  const std::string whole = write_archive(files());
  for (std::size_t at = 0; at < 512; ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(read_archive(changed, "backup").has_value()) << at;
  }
}

TEST(Archive, is_refused_when_a_path_leads_elsewhere_or_is_there_twice) {
  for (const char* path : {"/etc/passwd", "../up", "a/../../up", "a//b", "./a", "a/", "a/.", "a\nb", ""}) {
    const auto read = read_archive(write_archive(std::vector<ArchivedFile>{{path, "x"}}), "backup");
    ASSERT_FALSE(read.has_value()) << path;
    EXPECT_EQ(read.error().code, kBadArchive);
  }
  EXPECT_FALSE(read_archive(write_archive(std::vector<ArchivedFile>{{"a", "x"}, {"a", "y"}}), "backup").has_value());
}

}  // namespace
}  // namespace gate::cert
