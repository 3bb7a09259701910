#include "feature/files/files_config.h"

#include <gtest/gtest.h>

#include <string>

#include "conf/diagnostics.h"
#include "conf/environment.h"
#include "conf/parse.h"
#include "conf/reader.h"
#include "feature/files/files.h"
#include "os/served_folder_for_test.h"

namespace gate::files {
namespace {

class FilesConfig : public ::testing::Test {
 protected:
  FilesConfig() { folder_.write("index.html", ""); }

  // The plan of one statement, relative to the folder above "www".
  const FilesOptions* parse(const std::string& text) {
    conf::SourceSet sources;
    const auto& source = sources.add("gate443.conf", folder_.path("."), text + "\n");
    const auto block = conf::parse(source, diagnostics_);
    conf::Reader reader(diagnostics_, sources, environment_);
    plan_ = parse_files(block.statements.at(0), reader);
    shown_ = render(diagnostics_, sources);
    EXPECT_EQ(plan_ == nullptr, diagnostics_.has_errors());
    return plan_ ? &static_cast<const FilesPlan&>(*plan_).options() : nullptr;
  }

  // The message, after all that renders the line; empty when there is no error.
  std::string error(const std::string& text) {
    diagnostics_ = {};
    parse(text);
    return shown_;
  }

  os::ServedFolder folder_;
  conf::SystemEnvironment environment_;
  conf::Diagnostics diagnostics_;
  std::unique_ptr<const http::ServicePlan> plan_;
  std::string shown_;
};

TEST_F(FilesConfig, needs_only_a_folder) {
  const auto* options = parse("files www");
  ASSERT_TRUE(options) << shown_;
  EXPECT_TRUE(options->root.ends_with("/www"));
  EXPECT_EQ(options->index, std::vector<std::string>{"index.html"});
  EXPECT_FALSE(options->listing);
  EXPECT_TRUE(options->precompressed);
  EXPECT_EQ(options->strip, "");
  EXPECT_EQ(options->fallback, "");
}

TEST_F(FilesConfig, reads_everything) {
  const auto* options = parse(R"(files www {
  index index.htm index.html
  strip /static/
  fallback /index.html
  listing on
  precompressed off
  type .wasm application/wasm
  type txt "text/plain; charset=iso-8859-1"
})");
  ASSERT_TRUE(options) << shown_;
  EXPECT_EQ(options->index, (std::vector<std::string>{"index.htm", "index.html"}));
  EXPECT_EQ(options->strip, "/static");
  EXPECT_EQ(options->fallback, "index.html");
  EXPECT_TRUE(options->listing);
  EXPECT_FALSE(options->precompressed);
  ASSERT_EQ(options->types.size(), 2u);
  EXPECT_EQ(options->types[0], std::pair(std::string("wasm"), std::string("application/wasm")));
}

TEST_F(FilesConfig, can_do_without_an_index) {
  const auto* options = parse("files www {\n  index off\n}");
  ASSERT_TRUE(options) << shown_;
  EXPECT_TRUE(options->index.empty());
}

TEST_F(FilesConfig, says_where_a_folder_is_missing) {
  const auto text = error("files missing");
  EXPECT_NE(text.find("gate443.conf:1:7: error G5108: cannot serve the folder"), std::string::npos) << text;
  EXPECT_NE(text.find("No such file or directory"), std::string::npos) << text;
  EXPECT_NE(error("files www/index.html").find("Not a directory"), std::string::npos) << shown_;
}

TEST_F(FilesConfig, refuses_what_cannot_be_honoured) {
  for (const auto* line : {"fallback /missing.html", "fallback /", "fallback /.env", "fallback index.html",
                           "index a/b.html", "index .htaccess", "strip static", "listing yes", "precompressed 1",
                           "type .wasm wasm", "type a/b text/plain", "type . text/plain", "type txt \"text/plain\\n\"",
                           "strip", "index", "listing on\n  listing off", "autoindex on"}) {
    EXPECT_NE(error("files www {\n  " + std::string(line) + "\n}").find("gate443.conf:"), std::string::npos) << line;
  }
}

TEST_F(FilesConfig, suggests_the_word_that_was_meant) {
  EXPECT_NE(error("files www {\n  listings on\n}").find("did you mean \"listing\"?"), std::string::npos) << shown_;
}

}  // namespace
}  // namespace gate::files
