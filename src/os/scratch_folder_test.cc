#include "os/scratch_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

namespace gate::os {
namespace {

TEST(ScratchFolder, is_its_makers_alone_and_goes_with_what_is_in_it) {
  std::string path;
  {
    auto folder = ScratchFolder::create("test");
    ASSERT_TRUE(folder.has_value());
    path = folder->path();
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms::owner_all);
    std::ofstream(folder->path("file")) << "content";
    const ScratchFolder moved = *std::move(folder);
    EXPECT_TRUE(std::filesystem::exists(moved.path("file")));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ScratchFolder, two_are_never_the_same) {
  const auto one = ScratchFolder::create("test");
  const auto other = ScratchFolder::create("test");
  ASSERT_TRUE(one.has_value() && other.has_value());
  EXPECT_NE(one->path(), other->path());
}

}  // namespace
}  // namespace gate::os
