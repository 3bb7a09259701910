#include "http/quality_list.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace gate::http {
namespace {

using Items = std::vector<std::pair<std::string, int>>;

Items items(std::string_view text) {
  Items result;
  QualityList list(text);
  while (const auto item = list.next()) result.emplace_back(item->value, item->quality);
  return result;
}

TEST(QualityList, reads_values_and_weights) {
  EXPECT_EQ(items("gzip"), (Items{{"gzip", 1000}}));
  EXPECT_EQ(items("gzip;q=0.8, br ; Q=1.0 ,zstd;q=0"), (Items{{"gzip", 800}, {"br", 1000}, {"zstd", 0}}));
  EXPECT_EQ(items("text/html;level=1;q=0.001"), (Items{{"text/html", 1}}));
}

TEST(QualityList, passes_over_empty_members_and_bad_weights) {
  EXPECT_EQ(items(" , ,gzip,, "), (Items{{"gzip", 1000}}));
  EXPECT_EQ(items("gzip;q=2, br;q=, zstd;q=0.1234, x;q=-1, y;q=.5, z;q=a"), Items{});
  EXPECT_EQ(items(""), Items{});
}

TEST(QualityList, does_not_split_inside_quotes) {
  EXPECT_EQ(items(R"(a;x="1,2\",3";q=0.5,b)"), (Items{{"a", 500}, {"b", 1000}}));
  EXPECT_EQ(items(R"(a;x="never closed, b)"), (Items{{"a", 1000}}));
}

TEST(QualityList, stops_at_its_bound) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += "x,";
  EXPECT_EQ(items(many).size(), QualityList::kItemsMax);
}

TEST(ParseQuality, takes_what_the_grammar_allows_and_no_more) {
  EXPECT_EQ(parse_quality("0"), 0);
  EXPECT_EQ(parse_quality("0."), 0);
  EXPECT_EQ(parse_quality("0.25"), 250);
  EXPECT_EQ(parse_quality("1"), 1000);
  EXPECT_EQ(parse_quality("1.000"), 1000);
  for (const std::string_view text : {"", "1.001", "01", "2", "0.0000", "0,5", "0.x", "+1", " 1"}) {
    EXPECT_FALSE(parse_quality(text)) << text;
  }
}

}  // namespace
}  // namespace gate::http
