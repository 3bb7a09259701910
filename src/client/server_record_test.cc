#include "client/server_record.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>

namespace gate::client {
namespace {

using namespace std::chrono_literals;

TEST(ServerRecords, keep_one_record_for_a_name_and_what_it_is_checked_by) {
  ServerRecords records;
  ServerRecord& record = records.of("http://a:1", "/health");
  EXPECT_EQ(&records.of("http://a:1", "/health"), &record);
  EXPECT_NE(&records.of("http://a:1", ""), &record);
  EXPECT_NE(&records.of("http://b:1", "/health"), &record);
}

TEST(ServerRecords, show_those_that_are_named_now) {
  ServerRecords records;
  records.of("http://a:1", "").users.add();
  records.of("http://b:1", "").users.add();
  records.of("http://c:1", "");
  records.of("http://b:1", "").users.subtract();
  std::set<std::string> names;
  records.for_each([&](const ServerRecord& record) { names.insert(record.name); });
  EXPECT_EQ(names, std::set<std::string>{"http://a:1"});
}

TEST(ServerRecord, is_up_while_nobody_has_found_otherwise) {
  const base::Instant now{10s};
  ServerRecord record("http://a:1");
  EXPECT_TRUE(record.is_up(now));
  record.healthy = false;
  EXPECT_FALSE(record.is_up(now));
  record.healthy = true;
  record.drained = true;
  EXPECT_FALSE(record.is_up(now));
  record.drained = false;
  record.ejected_until = now + 1s;
  EXPECT_FALSE(record.is_up(now));
  EXPECT_TRUE(record.is_up(now + 1s));
}

}  // namespace
}  // namespace gate::client
