#include "http/url_text.h"

#include <gtest/gtest.h>

namespace gate::http {
namespace {

class UrlText : public ::testing::Test {
 protected:
  std::string_view encoded(std::string_view text, UrlPart part) { return percent_encoded(text, part, arena_); }

  base::BlockPool blocks_;
  base::Arena arena_{blocks_};
};

TEST_F(UrlText, returns_text_that_may_stand_as_it_is) {
  const std::string_view text = "/a-b_c~d.e/(f)!$'*,;:@";
  EXPECT_EQ(encoded(text, UrlPart::kPath).data(), text.data());
}

TEST_F(UrlText, encodes_what_ends_a_path) {
  EXPECT_EQ(encoded("/a b?c#d%e\"f", UrlPart::kPath), "/a%20b%3Fc%23d%25e%22f");
  EXPECT_EQ(encoded("/\xc3\xa4\n", UrlPart::kPath), "/%C3%A4%0A");
}

TEST_F(UrlText, keeps_the_slash_that_was_never_decoded) {
  EXPECT_EQ(encoded("/a%2Fb%2fc%2", UrlPart::kPath), "/a%2Fb%2fc%252");
}

TEST_F(UrlText, does_not_encode_url_text_twice) { EXPECT_EQ(encoded("/a%20b?c=%26", UrlPart::kUrl), "/a%20b?c=%26"); }

TEST_F(UrlText, encodes_what_separates_queries) {
  EXPECT_EQ(encoded("a&b=c+d;e#f?g%20", UrlPart::kQueryPart), "a%26b%3Dc%2Bd%3Be%23f%3Fg%20");
}

}  // namespace
}  // namespace gate::http
