#include "http/fields.h"

#include <gtest/gtest.h>

#include <string>

namespace gate::http {
namespace {

class FieldListTest : public testing::Test {
 private:
  base::BlockPool blocks_;

 protected:
  base::Arena arena_{blocks_};
  FieldList fields_{arena_};
};

TEST_F(FieldListTest, keeps_order_and_repeats) {
  fields_.add("b", "1");
  fields_.add(FieldId::kAccept, "2");
  fields_.add("b", "3");
  std::string seen;
  for (const Field& field : fields_) seen += std::string(field.name) + "=" + std::string(field.value) + " ";
  EXPECT_EQ(seen, "b=1 accept=2 b=3 ");
  EXPECT_EQ(fields_.size(), 3U);
}

TEST_F(FieldListTest, looks_up_the_id_of_a_name) {
  fields_.add("content-type", "text/plain");
  ASSERT_NE(fields_.find(FieldId::kContentType), nullptr);
  EXPECT_EQ(fields_.value(FieldId::kContentType), "text/plain");
  EXPECT_EQ(fields_.find(FieldId::kAccept), nullptr);
  EXPECT_EQ(fields_.value(FieldId::kAccept), "");
}

TEST_F(FieldListTest, finds_the_first_of_a_name) {
  fields_.add("x-a", "1");
  fields_.add("x-a", "2");
  ASSERT_NE(fields_.find("x-a"), nullptr);
  EXPECT_EQ(fields_.find("x-a")->value, "1");
  EXPECT_EQ(fields_.find("x-b"), nullptr);
}

TEST_F(FieldListTest, set_replaces_all_lines_by_one) {
  fields_.add("x-a", "1");
  fields_.add(FieldId::kVary, "2");
  fields_.add("x-a", "3");
  fields_.set("x-a", "4");
  fields_.set(FieldId::kVary, "5");
  fields_.set(FieldId::kServer, "6");
  EXPECT_EQ(fields_.size(), 3U);
  EXPECT_EQ(fields_.find("x-a")->value, "4");
  EXPECT_EQ(fields_.value(FieldId::kVary), "5");
  EXPECT_EQ(fields_.value(FieldId::kServer), "6");
}

TEST_F(FieldListTest, remove_says_how_many_there_were) {
  fields_.add("x-a", "1");
  fields_.add(FieldId::kVary, "2");
  fields_.add("x-a", "3");
  EXPECT_EQ(fields_.remove("x-a"), 2U);
  EXPECT_EQ(fields_.remove("x-a"), 0U);
  EXPECT_EQ(fields_.remove(FieldId::kVary), 1U);
  EXPECT_TRUE(fields_.empty());
}

TEST_F(FieldListTest, combines_lines_into_one_list) {
  EXPECT_EQ(fields_.combined(FieldId::kAccept), std::nullopt);
  fields_.add(FieldId::kAccept, "a");
  EXPECT_EQ(fields_.combined(FieldId::kAccept), "a");
  fields_.add(FieldId::kVary, "x");
  fields_.add(FieldId::kAccept, "b, c");
  fields_.add(FieldId::kAccept, "");
  EXPECT_EQ(fields_.combined(FieldId::kAccept), "a, b, c, ");
}

TEST_F(FieldListTest, grows_past_its_first_room) {
  for (int i = 0; i < 1000; ++i) fields_.add("x", arena_.copy(std::to_string(i)));
  EXPECT_EQ(fields_.size(), 1000U);
  int i = 0;
  for (const Field& field : fields_) EXPECT_EQ(field.value, std::to_string(i++));
}

TEST_F(FieldListTest, reserve_keeps_what_is_there) {
  fields_.add("x", "1");
  fields_.reserve(100);
  fields_.reserve(2);
  EXPECT_EQ(fields_.size(), 1U);
  EXPECT_EQ(fields_.find("x")->value, "1");
}

TEST_F(FieldListTest, clear_empties_it) {
  fields_.add("x", "1");
  fields_.clear();
  EXPECT_TRUE(fields_.empty());
  fields_.add("y", "2");
  EXPECT_EQ(fields_.size(), 1U);
}

}  // namespace
}  // namespace gate::http
