#include "cert/issued_index.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cert/codes.h"
#include "os/file.h"
#include "os/temporary_folder_for_test.h"

namespace gate::cert {
namespace {

using namespace std::chrono_literals;

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

IssuedRecord record(std::string serial, base::WallTime until = kNow + 24h) {
  return {.serial = std::move(serial),
          .from = kNow,
          .until = until,
          .sha256 = "00ff",
          .origin = "command",
          .names = {"a.test", "10.0.0.1"}};
}

class IssuedIndexTest : public testing::Test {
 protected:
  std::string path() const { return temporary_.path("issued"); }
  std::string text() const { return os::read_file(path(), 1 << 20).value(); }
  void write(std::string_view text) const { ASSERT_TRUE(os::write_file_atomically(path(), text, 0600).has_value()); }

  os::TemporaryFolder temporary_;
};

TEST_F(IssuedIndexTest, reads_what_it_has_written) {
  IssuedIndex index(path());
  ASSERT_TRUE(index.add(record("0a")).has_value());
  ASSERT_TRUE(index.add(record("0b")).has_value());
  ASSERT_TRUE(index.revoke("0a", {kNow + 1h, RevocationReason::kSuperseded}).has_value());
  IssuedIndex other(path());
  ASSERT_TRUE(other.refresh().has_value());
  ASSERT_EQ(other.records().size(), 2U);
  const IssuedRecord* found = other.find("0a");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->names, (std::vector<std::string>{"a.test", "10.0.0.1"}));
  EXPECT_EQ(found->until, kNow + 24h);
  ASSERT_TRUE(found->revocation.has_value());
  EXPECT_EQ(found->revocation->at, kNow + 1h);
  EXPECT_EQ(found->revocation->reason, RevocationReason::kSuperseded);
  EXPECT_FALSE(other.find("0b")->revocation.has_value());
  EXPECT_EQ(other.find("0c"), nullptr);
}

// A process may be killed at any byte of a line.
TEST_F(IssuedIndexTest, survives_the_loss_of_any_part_of_its_last_line) {
  IssuedIndex index(path());
  ASSERT_TRUE(index.add(record("0a")).has_value());
  const std::size_t whole = text().size();
  ASSERT_TRUE(index.add(record("0b")).has_value());
  const std::string both = text();
  for (std::size_t size = whole; size < both.size(); ++size) {
    write(both.substr(0, size));
    IssuedIndex after(path());
    ASSERT_TRUE(after.refresh().has_value()) << size;
    ASSERT_EQ(after.records().size(), 1U) << size;
    ASSERT_TRUE(after.add(record("0c")).has_value());
    IssuedIndex later(path());
    ASSERT_TRUE(later.refresh().has_value()) << size;
    EXPECT_EQ(later.records().size(), 2U) << size;
    EXPECT_NE(later.find("0c"), nullptr) << size;
  }
}

TEST_F(IssuedIndexTest, takes_in_what_others_have_written) {
  IssuedIndex mine(path());
  IssuedIndex theirs(path());
  ASSERT_TRUE(mine.add(record("0a")).has_value());
  ASSERT_TRUE(theirs.refresh().has_value());
  ASSERT_TRUE(theirs.add(record("0b")).has_value());
  ASSERT_TRUE(mine.refresh().has_value());
  EXPECT_NE(mine.find("0b"), nullptr);
}

TEST_F(IssuedIndexTest, names_the_line_that_is_damaged) {
  const std::string good = "issued\t0a\tserver\t1\t2\tff\tcommand\ta.test\n";
  for (const char* bad : {"nonsense\n", "issued\t0b\tserver\t1\tx\tff\tcommand\ta.test\n",
                          "revoked\t0b\t1\tsuperseded\n", "issued\t0b\tserver\t1\t2\tff\tcommand\n",
                          "revoked\t0a\t1\tno-reason\n", "issued\t0G\tserver\t1\t2\tff\tcommand\ta.test\n", "\n",
                          "issued\t0a\tserver\t1\t2\tff\tcommand\tagain.test\n"}) {
    write(good + bad);
    IssuedIndex index(path());
    const auto result = index.refresh();
    ASSERT_FALSE(result.has_value()) << bad;
    EXPECT_EQ(result.error().code, kIndexDamaged) << bad;
    EXPECT_NE(result.error().what.find("line 2"), std::string::npos) << result.error().what;
  }
}

TEST_F(IssuedIndexTest, forgets_what_has_ended_once_that_is_most_of_it) {
  IssuedIndex index(path());
  std::string lines;
  for (int i = 0; i < 1500; ++i) lines += fmt::format("issued\ta{}\tserver\t1\t2\tff\tcommand\ta.test\n", i);
  lines += "revoked\ta7\t1\tsuperseded\n";
  write(lines);
  ASSERT_TRUE(index.refresh().has_value());
  ASSERT_TRUE(index.add(record("0a")).has_value());
  ASSERT_TRUE(index.revoke("0a", {kNow, RevocationReason::kUnspecified}).has_value());
  ASSERT_TRUE(index.drop_ended_before(kNow).has_value());
  ASSERT_EQ(index.records().size(), 1U);
  EXPECT_TRUE(index.find("0a")->revocation.has_value());
  ASSERT_TRUE(index.add(record("0b")).has_value());
  IssuedIndex other(path());
  ASSERT_TRUE(other.refresh().has_value());
  EXPECT_EQ(other.records().size(), 2U);
}

}  // namespace
}  // namespace gate::cert
