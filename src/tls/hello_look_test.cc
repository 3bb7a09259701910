#include "tls/hello_look.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "base/text.h"
#include "tls/hello_for_test.h"

namespace gate::tls {
namespace {

using State = HelloLook::State;
using for_test::HelloText;

class HelloLookTest : public testing::Test {
 protected:
  HelloLook look(std::string_view bytes) { return look_for_client_hello(base::as_bytes(bytes), *room_); }
  State state(std::string_view bytes) { return look(bytes).state; }

  // The same message in records of `size` bytes.
  static std::string cut(const std::string& record, std::size_t size) {
    std::string text;
    for (std::string_view rest = std::string_view(record).substr(5); !rest.empty();) {
      const std::string_view piece = rest.substr(0, size);
      text +=
          std::string("\x16\x03\x01") + static_cast<char>(piece.size() >> 8) + static_cast<char>(piece.size() & 0xff);
      text += piece;
      rest.remove_prefix(piece.size());
    }
    return text;
  }

  const std::string record_ = HelloText().suites({0x1301}).server_name("example.com").record();
  std::unique_ptr<std::array<std::byte, kHelloBytesMax>> room_ =
      std::make_unique<std::array<std::byte, kHelloBytesMax>>();
};

TEST_F(HelloLookTest, finds_the_name_and_leaves_what_follows) {
  const auto found = look(record_ + "\x14\x03\x03");
  EXPECT_EQ(found.state, State::kWhole);
  EXPECT_EQ(found.hello.server_name, "example.com");
}

TEST_F(HelloLookTest, waits_for_every_byte) {
  for (std::size_t size = 0; size < record_.size(); ++size) {
    EXPECT_EQ(state(record_.substr(0, size)), State::kIncomplete) << size;
  }
}

TEST_F(HelloLookTest, finds_it_in_several_records) {
  for (const std::size_t size : {1U, 2U, 3U, 4U, 5U, 50U}) {
    const std::string records = cut(record_, size);
    for (std::size_t there = 0; there < records.size(); ++there) {
      ASSERT_EQ(state(records.substr(0, there)), State::kIncomplete) << size << ' ' << there;
    }
    EXPECT_EQ(look(records).hello.server_name, "example.com") << size;
  }
}

TEST_F(HelloLookTest, finds_one_of_post_quantum_size) {
  const std::string share(1216, 'k');
  const std::string record = HelloText().suites({0x1301}).extension(21, share).server_name("example.com").record();
  EXPECT_EQ(look(record).hello.server_name, "example.com");
  EXPECT_EQ(look(cut(record, 517)).hello.server_name, "example.com");
}

TEST_F(HelloLookTest, sees_at_once_what_is_none) {
  using namespace std::string_literals;
  for (const auto& bytes :
       {"G"s, "\x15"s, "\x17\x03\x03"s, "\x16\x02\x00"s, "\x16\x03\x01\x00\x00"s, "\x16\x03\x01\x40\x01"s,
        "\x16\x03\x01\x00\x05\x02"s, cut(record_, 1).substr(0, 6) + "\x17"s}) {
    EXPECT_EQ(state(bytes), State::kNone) << base::to_hex(base::as_bytes(bytes));
  }
}

TEST_F(HelloLookTest, takes_none_that_cannot_be_read) {
  std::string broken = record_;
  broken[record_.size() - 1] = '\0';  // within the name
  EXPECT_EQ(state(broken), State::kNone);
}

TEST_F(HelloLookTest, has_a_bound) {
  using namespace std::string_literals;
  EXPECT_EQ(state("\x16\x03\x01\x00\x04\x01\x00\x3f\xfc"s), State::kIncomplete);
  EXPECT_EQ(state("\x16\x03\x01\x00\x04\x01\x00\x3f\xfd"s), State::kNone);
}

}  // namespace
}  // namespace gate::tls
