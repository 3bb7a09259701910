#include "feature/compress/compress_config.h"

#include <gtest/gtest.h>

#include <string>

#include "conf/diagnostics.h"
#include "conf/environment.h"
#include "conf/parse.h"
#include "conf/reader.h"
#include "feature/compress/compress.h"

namespace gate::compress {
namespace {

using enum http::ContentCoding;

class CompressConfig : public ::testing::Test {
 protected:
  const CompressOptions* parse(const std::string& text) {
    conf::SourceSet sources;
    conf::Diagnostics diagnostics;
    const auto& source = sources.add("gate443.conf", "", text + "\n");
    const auto block = conf::parse(source, diagnostics);
    conf::Reader reader(diagnostics, sources, environment_);
    plan_ = parse_compress(block.statements.at(0), reader);
    shown_ = render(diagnostics, sources);
    EXPECT_EQ(plan_ == nullptr, diagnostics.has_errors());
    return plan_ ? &static_cast<const CompressPlan&>(*plan_).options() : nullptr;
  }

  conf::SystemEnvironment environment_;
  std::unique_ptr<const http::ServicePlan> plan_;
  std::string shown_;
};

TEST_F(CompressConfig, offers_everything_by_itself) {
  const auto* options = parse("compress");
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->on);
  EXPECT_EQ(options->codings, (std::vector{kZstd, kBrotli, kGzip}));
  EXPECT_EQ(options->bytes_min, 1000u);
}

TEST_F(CompressConfig, reads_everything) {
  const auto* options =
      parse("compress gzip zstd {\n  min 2KB\n  level gzip 6\n  level zstd 1\n  types text/* image/svg+xml\n}");
  ASSERT_TRUE(options) << shown_;
  EXPECT_EQ(options->codings, (std::vector{kGzip, kZstd}));
  EXPECT_EQ(options->bytes_min, 2000u);
  EXPECT_EQ(options->levels, (std::array{0, 6, 4, 1}));
  EXPECT_EQ(options->types, (std::vector<std::string>{"text/*", "image/svg+xml"}));
}

TEST_F(CompressConfig, can_be_off) {
  const auto* options = parse("compress off");
  ASSERT_TRUE(options) << shown_;
  EXPECT_FALSE(options->on);
}

TEST_F(CompressConfig, refuses_what_cannot_be_honoured) {
  for (const auto* text :
       {"compress deflate", "compress gzip gzip", "compress gzip off", "compress off {\n  min 1KB\n}",
        "compress {\n  level gzip 10\n}", "compress {\n  level br 7\n}", "compress {\n  level zstd 0\n}",
        "compress {\n  level deflate 1\n}", "compress {\n  min lots\n}", "compress {\n  types text\n}",
        "compress {\n  types */*\n}", "compress {\n  types text/x*\n}", "compress {\n  types\n}",
        "compress {\n  speed 1\n}"}) {
    EXPECT_EQ(parse(text), nullptr) << text;
    EXPECT_NE(shown_.find("gate443.conf:"), std::string::npos) << text;
  }
}

TEST_F(CompressConfig, suggests_the_coding_that_was_meant) {
  parse("compress gzp");
  EXPECT_NE(shown_.find("did you mean \"gzip\"?"), std::string::npos) << shown_;
}

}  // namespace
}  // namespace gate::compress
