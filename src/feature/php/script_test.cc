#include "feature/php/script.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "os/served_folder_for_test.h"

namespace gate::php {
namespace {

namespace fs = std::filesystem;

class ScriptFinderTest : public ::testing::Test {
 protected:
  // "/index.php + /info in FILE", or why there is none.
  std::string find(std::string_view path) {
    const auto found = finder_.find(path, arena_);
    if (found) {
      EXPECT_EQ(found->folder, fs::canonical(folder_.path()).string());
      const auto file = std::string(found->file).substr(found->folder.size());
      const std::string text = std::string(found->name) + (found->path_info.empty() ? "" : " + ");
      return text + std::string(found->path_info) + (file == found->name ? "" : " in " + file);
    }
    switch (found.error().miss) {
      case ScriptFinder::Miss::kNotFound: return "none";
      case ScriptFinder::Miss::kOtherSuffix: return "no script";
      case ScriptFinder::Miss::kUnusable: break;
    }
    return "unusable " + std::to_string(static_cast<int>(found.error().reason));
  }

  static std::string unusable(os::Miss miss) { return "unusable " + std::to_string(static_cast<int>(miss)); }

  void link(const std::string& target, const std::string& name) {
    fs::create_symlink(target, folder_.path("www/" + name));
  }

  os::ServedFolder folder_;
  std::vector<std::string> suffixes_{".php"};
  std::vector<std::string> index_{"index.php", "start.php"};
  base::BlockPool blocks_;
  base::Arena arena_{blocks_};
  const std::string root_ = folder_.path();
  ScriptFinder finder_{root_, suffixes_, index_};
};

TEST_F(ScriptFinderTest, finds_a_script_and_the_path_behind_it) {
  folder_.write("a.php", "");
  folder_.write("blog/b.php", "");
  EXPECT_EQ(find("/a.php"), "/a.php");
  EXPECT_EQ(find("/blog/b.php"), "/blog/b.php");
  EXPECT_EQ(find("/a.php/x/y"), "/a.php + /x/y");
  EXPECT_EQ(find("/a.php/"), "/a.php + /");
  EXPECT_EQ(find("/a.php/x.php"), "/a.php + /x.php");
  EXPECT_EQ(find("/a.php/.hidden/../x"), "/a.php + /.hidden/../x") << "path info is the script's own affair";
}

TEST_F(ScriptFinderTest, finds_the_script_that_stands_for_a_folder) {
  folder_.write("start.php", "");
  folder_.write("blog/index.php", "");
  folder_.write("blog/start.php", "");
  folder_.write("empty/a.txt", "");
  EXPECT_EQ(find("/"), "/start.php");
  EXPECT_EQ(find("/blog/"), "/blog/index.php");
  EXPECT_EQ(find("/blog"), "none");
  EXPECT_EQ(find("/empty/"), "none");
}

TEST_F(ScriptFinderTest, looks_below_a_folder_that_is_called_like_a_script) {
  folder_.write("v1.php/a.php", "");
  folder_.write("v1.php/index.php", "");
  EXPECT_EQ(find("/v1.php/a.php/x"), "/v1.php/a.php + /x");
  EXPECT_EQ(find("/v1.php/"), "/v1.php/index.php");
  EXPECT_EQ(find("/v1.php"), "none");
}

TEST_F(ScriptFinderTest, never_runs_what_is_no_script_by_its_name) {
  folder_.write("image.jpg", "<?php");
  folder_.write("a.txt", "<?php");
  folder_.write("A.PHP", "<?php");
  folder_.write(".hidden.php", "<?php");
  folder_.write("b.php5", "<?php");
  for (const auto* path : {"/image.jpg", "/image.jpg/x.php", "/image.jpg/.php", "/a.txt/index.php", "/A.PHP",
                           "/.hidden.php", "/b.php5", "/absent.php", "/absent.php/image.jpg", "*", ""}) {
    EXPECT_EQ(find(path), "none") << path;
  }
  EXPECT_EQ(find(std::string_view("/image.jpg\0.php", 15)), "none");
}

TEST_F(ScriptFinderTest, follows_links_inside_of_the_folder_only) {
  fs::create_directory(folder_.path("outside"));
  std::ofstream(folder_.path("outside/x.php")) << "<?php";
  folder_.write("release/a.php", "");
  folder_.write("image.jpg", "<?php");
  link("release", "current");
  link("../outside/x.php", "out.php");
  link("image.jpg", "disguised.php");
  EXPECT_EQ(find("/current/a.php"), "/current/a.php in /release/a.php");
  EXPECT_EQ(find("/out.php"), unusable(os::Miss::kLeavesRoot));
  EXPECT_EQ(find("/disguised.php"), "no script");
}

TEST_F(ScriptFinderTest, keeps_from_those_behind_what_is_there_but_no_file) {
  ASSERT_EQ(::mkfifo(folder_.path("www/pipe.php").c_str(), 0600), 0);
  EXPECT_EQ(find("/pipe.php"), unusable(os::Miss::kSpecial));
}

TEST_F(ScriptFinderTest, sees_another_folder_that_takes_the_place_of_the_first) {
  folder_.write("a.php", "");
  EXPECT_EQ(find("/a.php"), "/a.php");
  fs::rename(folder_.path(), folder_.path("old"));
  fs::create_directory(folder_.path());
  EXPECT_EQ(find("/a.php"), "none");
}

TEST_F(ScriptFinderTest, takes_any_suffix_that_is_named) {
  suffixes_ = {".php", ".phtml"};
  folder_.write("a.phtml", "");
  EXPECT_EQ(find("/a.phtml/x"), "/a.phtml + /x");
}

}  // namespace
}  // namespace gate::php
