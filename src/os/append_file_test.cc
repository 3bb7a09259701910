#include "os/append_file.h"

#include <gtest/gtest.h>

#include <thread>

#include "os/codes.h"
#include "os/temporary_folder_for_test.h"

namespace gate::os {
namespace {

std::string text_of(const std::string& path) { return read_file(path, 4096).value(); }

TEST(WriteBehind, adds_to_what_is_kept_and_cuts_off_the_rest) {
  const TemporaryFolder folder;
  const std::string path = folder.path("journal");
  ASSERT_TRUE(write_behind(path, 0, "one\n", 0600).has_value());
  EXPECT_EQ(inspect(path)->mode, 0600U);
  ASSERT_TRUE(write_behind(path, 4, "two\n", 0600).has_value());
  EXPECT_EQ(text_of(path), "one\ntwo\n");
  ASSERT_TRUE(write_behind(path, 4, "x\n", 0600).has_value());
  EXPECT_EQ(text_of(path), "one\nx\n");
}

TEST(WriteBehind, says_when_it_cannot) {
  const TemporaryFolder folder;
  EXPECT_EQ(write_behind(folder.path("none/journal"), 0, "x", 0600).error().code, kCannotWriteFile);
}

TEST(WaitForLock, gets_a_lock_that_is_given_up_soon) {
  const TemporaryFolder folder;
  auto first = FileLock::acquire(folder.path("lock"));
  ASSERT_TRUE(first.has_value());
  std::jthread other([held = std::move(first)]() mutable { const auto gone = std::move(held); });
  EXPECT_TRUE(wait_for_lock(folder.path("lock")).has_value());
}

}  // namespace
}  // namespace gate::os
