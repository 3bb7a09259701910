#include "os/watch.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <filesystem>

#include "os/temporary_folder_for_test.h"

namespace gate::os {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Watching : public testing::Test {
 protected:
  void watch(const std::vector<std::string>& paths) { ASSERT_TRUE(watcher.watch(paths)); }
  void write(const std::string& path, std::string_view text) { ASSERT_TRUE(write_file_atomically(path, text, 0600)); }
  void write_in_place(const std::string& path, std::string_view text) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_TRUE(write_all(fd.number(), std::as_bytes(std::span(text))));
  }
  bool readable() {
    pollfd wait{watcher.fd(), POLLIN, 0};
    return ::poll(&wait, 1, 0) == 1;
  }

  TemporaryFolder folder;
  FileWatcher watcher = *FileWatcher::create();
};

TEST_F(Watching, notices_replacement_again_and_again) {
  const std::string file = folder.path("cert");
  write(file, "1");
  watch({file});
  EXPECT_THAT(watcher.changed(), IsEmpty());
  for (int i = 0; i < 3; ++i) {
    write(file, "2");
    EXPECT_TRUE(readable());
    EXPECT_THAT(watcher.changed(), ElementsAre(file));
    EXPECT_THAT(watcher.changed(), IsEmpty());
  }
}

TEST_F(Watching, notices_a_write_in_place_of_the_same_length) {
  const std::string file = folder.path("cert");
  write(file, "1");
  watch({file});
  write_in_place(file, "2");
  EXPECT_THAT(watcher.changed(), ElementsAre(file));
}

TEST_F(Watching, does_not_report_neighbours) {
  const std::string file = folder.path("cert");
  write(file, "1");
  watch({file});
  write(folder.path("other"), "x");
  EXPECT_THAT(watcher.changed(), IsEmpty());
}

TEST_F(Watching, notices_removal_and_creation) {
  const std::string file = folder.path("cert");
  write(file, "1");
  watch({file});
  ASSERT_TRUE(remove_file(file));
  EXPECT_THAT(watcher.changed(), ElementsAre(file));
  write(file, "2");
  EXPECT_THAT(watcher.changed(), ElementsAre(file));
}

TEST_F(Watching, notices_a_file_in_a_folder_that_did_not_exist) {
  const std::string file = folder.path("later/deep/cert");
  watch({file});
  ASSERT_TRUE(make_directories(folder.path("later"), 0700));
  EXPECT_THAT(watcher.changed(), IsEmpty());
  ASSERT_TRUE(make_directories(folder.path("later/deep"), 0700));
  EXPECT_THAT(watcher.changed(), IsEmpty());
  write(file, "1");
  EXPECT_THAT(watcher.changed(), ElementsAre(file));
}

// How certbot renews: live/cert is a link into archive/, and is set to the next file there.
TEST_F(Watching, notices_a_link_that_is_set_to_another_file) {
  ASSERT_TRUE(make_directories(folder.path("archive"), 0700));
  ASSERT_TRUE(make_directories(folder.path("live"), 0700));
  write(folder.path("archive/cert1"), "1");
  write(folder.path("archive/cert2"), "2");
  const std::string file = folder.path("live/cert");
  ASSERT_EQ(::symlink("../archive/cert1", file.c_str()), 0);
  watch({file});
  ASSERT_EQ(::symlink("../archive/cert2", folder.path("live/new").c_str()), 0);
  ASSERT_EQ(::rename(folder.path("live/new").c_str(), file.c_str()), 0);
  EXPECT_THAT(watcher.changed(), ElementsAre(file));
  write_in_place(folder.path("archive/cert2"), "3");
  EXPECT_THAT(watcher.changed(), ElementsAre(file)) << "the new target is watched as well";
}

// How Kubernetes renews: tls.crt → ..data/tls.crt, and ..data is a link that is set to another folder.
TEST_F(Watching, notices_a_folder_link_that_is_set_to_another_folder) {
  for (const std::string name : {"one", "two"}) {
    ASSERT_TRUE(make_directories(folder.path(name), 0700));
    write(folder.path(name + "/tls.crt"), name);
  }
  ASSERT_EQ(::symlink("one", folder.path("..data").c_str()), 0);
  const std::string file = folder.path("tls.crt");
  ASSERT_EQ(::symlink("..data/tls.crt", file.c_str()), 0);
  watch({file});
  ASSERT_EQ(::symlink("two", folder.path("..tmp").c_str()), 0);
  ASSERT_EQ(::rename(folder.path("..tmp").c_str(), folder.path("..data").c_str()), 0);
  EXPECT_THAT(watcher.changed(), ElementsAre(file));
}

TEST_F(Watching, stops_watching_what_is_no_longer_named) {
  write(folder.path("a"), "1");
  write(folder.path("b"), "1");
  watch({folder.path("a"), folder.path("b")});
  watch({folder.path("b")});
  write(folder.path("a"), "2");
  write(folder.path("b"), "2");
  EXPECT_THAT(watcher.changed(), ElementsAre(folder.path("b")));
  watch({});
  (void)watcher.changed();
  write(folder.path("b"), "3");
  EXPECT_FALSE(readable());
}

TEST_F(Watching, keeps_a_change_that_happened_before_the_list_was_changed) {
  write(folder.path("a"), "1");
  watch({folder.path("a")});
  write(folder.path("a"), "22");
  watch({folder.path("a"), folder.path("b")});
  EXPECT_THAT(watcher.changed(), ElementsAre(folder.path("a")));
}

}  // namespace
}  // namespace gate::os
