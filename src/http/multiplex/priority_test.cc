#include "http/multiplex/priority.h"

#include <gtest/gtest.h>

namespace gate::http::multiplex {
namespace {

TEST(PriorityField, is_read) {
  EXPECT_EQ(parse_priority(""), (Priority{3, false}));
  EXPECT_EQ(parse_priority("u=0"), (Priority{0, false}));
  EXPECT_EQ(parse_priority("u=7, i"), (Priority{7, true}));
  EXPECT_EQ(parse_priority("i,u=1"), (Priority{1, true}));
  EXPECT_EQ(parse_priority("i=?1"), (Priority{3, true}));
  EXPECT_EQ(parse_priority("i, i=?0"), (Priority{3, false})) << "the last one counts";
  EXPECT_EQ(parse_priority("u=2;x=\"y\";z, i;q"), (Priority{2, true})) << "parameters";
}

TEST(PriorityField, what_makes_no_sense_is_passed_over) {
  for (const char* value :
       {"u=8", "u=-1", "u=", "u", "u=1.5", "U=1", "%%", ",,,", "\"u=1", "u=33", "x=\"a, u=1\\\", i\""}) {
    EXPECT_EQ(parse_priority(value), (Priority{3, false})) << value;
  }
  EXPECT_EQ(parse_priority("x=\"a, i\", u=1"), (Priority{1, false})) << "a comma within quotes";
}

}  // namespace
}  // namespace gate::http::multiplex
