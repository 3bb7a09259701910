// Runs tests/golden/config: every NAME.conf has its tree in NAME.json and its layout in NAME.fmt, or its errors in
// NAME.err. Files in folders below are included by the cases.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "conf/format.h"
#include "conf/json.h"
#include "conf/parse.h"

namespace gate::conf {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(GATE_SOURCE_DIR) / "tests" / "golden" / "config";

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".conf") names.push_back(entry.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

// Messages name included files by where the tests lie.
std::string without_folder(std::string text) {
  const std::string prefix = kFolder.string() + "/";
  for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) text.erase(at, prefix.size());
  return text;
}

class Golden : public testing::TestWithParam<std::string> {
 protected:
  fs::path file(const char* extension) const { return kFolder / (GetParam() + extension); }
};

TEST_P(Golden, reads_as_stored) {
  SourceSet sources;
  Diagnostics diagnostics;
  const Source& source = sources.add(GetParam() + ".conf", kFolder, content(file(".conf")));
  const Block root = load(source, SystemEnvironment(), sources, diagnostics);
  if (fs::exists(file(".err"))) {
    EXPECT_TRUE(diagnostics.has_errors());
    EXPECT_EQ(without_folder(render(diagnostics, sources)), content(file(".err")));
    return;
  }
  EXPECT_EQ(render(diagnostics, sources), "");
  EXPECT_EQ(to_json(root), content(file(".json")));
  EXPECT_EQ(format(parse(source, diagnostics)), content(file(".fmt")));
}

TEST_P(Golden, survives_layout_and_json) {
  SourceSet sources;
  Diagnostics diagnostics;
  const Block root = parse(sources.add("a.conf", "", content(file(".conf"))), diagnostics);
  if (diagnostics.has_errors()) return;
  const std::string layout = format(root);
  const Block again = parse(sources.add("b.conf", "", layout), diagnostics);
  EXPECT_TRUE(same_content(root, again));
  EXPECT_EQ(format(again), layout);
  const auto from = from_json(to_json(root));
  ASSERT_TRUE(from) << from.error().what;
  EXPECT_TRUE(same_content(root, *from));
}

INSTANTIATE_TEST_SUITE_P(Config, Golden, testing::ValuesIn(cases()), [](const auto& tested) {
  std::string name = tested.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(GoldenFolder, holds_good_and_bad_cases) {
  EXPECT_THAT(cases(), testing::Contains("full"));
  EXPECT_THAT(cases(), testing::Contains("mistakes"));
}

}  // namespace
}  // namespace gate::conf
