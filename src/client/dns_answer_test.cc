#include "client/dns_answer.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"

namespace gate::client {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

std::string header(char questions, char answers) {
  return "\x12\x34\x81\x80"s + '\0' + questions + '\0' + answers + std::string(4, '\0');
}
const std::string kQuestion = "\4_app\4_tcp\7example\0\0\x21\0\1"s;
// A record whose name is a pointer to the question's.
std::string record(const std::string& ttl, const std::string& data = "\0\1\0\1\x1f\x90\1a\0"s) {
  return "\xc0\x0c\0\x21\0\1"s + ttl + '\0' + static_cast<char>(data.size()) + data;
}

std::optional<std::chrono::seconds> of(const std::string& message) { return least_ttl(base::as_bytes(message)); }

TEST(LeastTtl, is_that_of_the_answer_that_ends_first) {
  EXPECT_EQ(of(header(1, 2) + kQuestion + record("\0\0\1\x2c"s) + record("\0\0\0\x1e"s)), 30s);
}

TEST(LeastTtl, reads_names_written_out) { EXPECT_EQ(of(header(0, 1) + "\1a\0\0\x21\0\1\0\0\0\7\0\0"s), 7s); }

TEST(LeastTtl, takes_a_negative_one_for_none_at_all) {
  EXPECT_EQ(of(header(1, 1) + kQuestion + record("\x80\0\0\0"s)), 0s);
}

TEST(LeastTtl, is_not_said_by_an_empty_answer) { EXPECT_EQ(of(header(1, 0) + kQuestion), std::nullopt); }

TEST(LeastTtl, is_not_said_by_a_message_that_is_cut_anywhere) {
  const std::string whole = header(1, 1) + kQuestion + record("\0\0\0\x1e"s);
  ASSERT_EQ(of(whole), 30s);
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_EQ(of(whole.substr(0, i)), std::nullopt) << i;
}

}  // namespace
}  // namespace gate::client
