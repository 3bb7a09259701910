#include "http/field_id.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"

namespace gate::http {
namespace {

constexpr auto kLast = FieldId::kXRequestId;

TEST(FieldId, finds_each_name_and_shows_it) {
  for (int i = 1; i <= static_cast<int>(kLast); ++i) {
    const auto id = static_cast<FieldId>(i);
    const auto name = field_name(id);
    ASSERT_FALSE(name.empty());
    EXPECT_EQ(field_id(name), id);
    EXPECT_EQ(base::lowered(field_display_name(id)), name);
  }
}

TEST(FieldId, knows_no_neighbouring_name) {
  for (int i = 1; i <= static_cast<int>(kLast); ++i) {
    const std::string name(field_name(static_cast<FieldId>(i)));
    for (std::size_t at = 0; at < name.size(); ++at) {
      std::string other = name;
      other[at] = '_';
      EXPECT_EQ(field_id(other), FieldId::kUnknown) << other;
    }
    EXPECT_EQ(field_id(base::lowered(name) + "x"), FieldId::kUnknown);
  }
  EXPECT_EQ(field_id(""), FieldId::kUnknown);
  EXPECT_EQ(field_id("Host"), FieldId::kUnknown) << "names are held in lower case";
}

TEST(FieldId, has_no_text_for_the_unknown) {
  EXPECT_EQ(field_name(FieldId::kUnknown), "");
  EXPECT_EQ(field_display_name(FieldId::kUnknown), "");
}

}  // namespace
}  // namespace gate::http
