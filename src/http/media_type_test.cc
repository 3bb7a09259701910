#include "http/media_type.h"

#include <gtest/gtest.h>

namespace gate::http {
namespace {

TEST(MediaTypes, knows_the_types_of_the_web_without_the_system) {
  const MediaTypes types;
  EXPECT_EQ(types.of("index.html"), "text/html; charset=utf-8");
  EXPECT_EQ(types.of("a.b/app.JS"), "text/javascript; charset=utf-8");
  EXPECT_EQ(types.of("site.webmanifest"), "application/manifest+json");
  EXPECT_EQ(types.of("photo.jpeg"), "image/jpeg");
  EXPECT_EQ(types.of("archive.tar.gz"), "application/gzip");
}

TEST(MediaTypes, says_octet_stream_for_what_it_does_not_know) {
  const MediaTypes types;
  for (const auto* name : {"", "README", "name.", "x.unheardof", "x.html5678901234567890", "html"}) {
    EXPECT_EQ(types.of(name), MediaTypes::kUnknown) << name;
  }
}

TEST(MediaTypes, takes_the_systems_table_over_its_own) {
  MediaTypes types;
  types.add_table(
      "# comment\n\napplication/x-mine\t mine  html # end\ntext/x-later MINE\nnonsense nonsense\nmodel/none\n");
  EXPECT_EQ(types.of("a.html"), "application/x-mine");
  EXPECT_EQ(types.of("a.mine"), "text/x-later; charset=utf-8");
  EXPECT_EQ(types.of("a.nonsense"), MediaTypes::kUnknown);
  EXPECT_EQ(types.of("a.css"), "text/css; charset=utf-8") << "the rest stays";
}

TEST(MediaTypes, lies_over_another_table) {
  MediaTypes below;
  below.add("wasm", "application/x-below");
  auto types = MediaTypes::over(below);
  types.add("JS", "application/x-above");
  EXPECT_EQ(types.of("a.js"), "application/x-above");
  EXPECT_EQ(types.of("a.wasm"), "application/x-below");
  EXPECT_EQ(types.of("a.nothing"), MediaTypes::kUnknown);
}

TEST(MediaTypes, leaves_a_charset_that_is_given) {
  MediaTypes types;
  types.add("txt", "text/plain; charset=iso-8859-1");
  EXPECT_EQ(types.of("a.txt"), "text/plain; charset=iso-8859-1");
}

TEST(IsCompressible, tells_text_from_what_is_compressed_already) {
  for (const auto* type : {"text/html; charset=utf-8", "application/json", "Application/LD+JSON", "image/svg+xml",
                           "application/wasm", "font/ttf", "TEXT/CSS"}) {
    EXPECT_TRUE(is_compressible(type)) << type;
  }
  for (const auto* type : {"", "image/png", "video/mp4", "application/zip", "font/woff2", "application/octet-stream",
                           "application/jsonx", "xtext/html"}) {
    EXPECT_FALSE(is_compressible(type)) << type;
  }
}

TEST(AcceptedQuality, takes_the_most_specific_range) {
  constexpr auto* kAccept = "text/*;q=0.3, text/html;q=0.7, */*;q=0.5";
  EXPECT_EQ(accepted_quality(kAccept, "text/html"), 700);
  EXPECT_EQ(accepted_quality(kAccept, "text/plain"), 300);
  EXPECT_EQ(accepted_quality(kAccept, "image/jpeg"), 500);
  EXPECT_EQ(accepted_quality("application/json", "text/html"), 0);
  EXPECT_EQ(accepted_quality("textual/*", "text/html"), 0);
  EXPECT_EQ(accepted_quality(std::nullopt, "text/html"), 1000);
}

}  // namespace
}  // namespace gate::http
