#include "dns/caa.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dns/codes.h"
#include "dns/fake_server_for_test.h"

namespace gate::dns {
namespace {

Name name(std::string_view text) { return Name::parse(text).value(); }

class PermissionSearchTest : public DnsTest {
 protected:
  base::Result<Permissions> search(std::string_view text) {
    std::optional<base::Result<Permissions>> outcome;
    PermissionSearch search(context_, {resolver_.endpoint()});
    search.start(name(text), [&](base::Result<Permissions> result) { outcome = std::move(result); });
    return wait_for(outcome);
  }

  void allow(std::string_view owner, std::string_view authority) {
    std::string data(1, '\0');
    data += std::string("\5issue") + std::string(authority);
    known_[std::string(owner)] = {name(owner), Type::kCaa, Class::kInternet, 60, data};
  }

  std::map<std::string, Record> known_;
  std::string broken_;
  std::vector<std::string> asked_;
  FakeServer resolver_{*loop_, [this](base::ByteView asked, bool) {
                         const std::string text = decode(asked)->questions.at(0).name.to_string();
                         asked_.push_back(text);
                         if (text == broken_) return Answers{encode(answer_to(asked, {}, Rcode::kServerFailure))};
                         if (!known_.contains(text)) return Answers{encode(answer_to(asked, {}, Rcode::kNoSuchName))};
                         return Answers{encode(answer_to(asked, {known_[text]}))};
                       }};
};

TEST_F(PermissionSearchTest, climbs_to_the_first_name_that_has_some) {
  allow("example.com", "ca.example");
  allow("com", "other.example");
  const auto found = search("a.b.example.com");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->at, name("example.com"));
  ASSERT_EQ(found->records.size(), 1U);
  EXPECT_EQ(found->records[0].value, "ca.example");
  EXPECT_EQ(asked_, (std::vector<std::string>{"a.b.example.com", "b.example.com", "example.com"}));
}

TEST_F(PermissionSearchTest, finds_none_up_to_the_root) {
  const auto found = search("www.example.com");
  ASSERT_TRUE(found.has_value());
  EXPECT_FALSE(found->at.has_value());
  EXPECT_EQ(asked_.size(), 3U);
}

TEST_F(PermissionSearchTest, takes_a_failure_for_no_permission) {
  broken_ = "example.com";
  allow("com", "ca.example");
  EXPECT_EQ(search("www.example.com").error().code, kServerRefuses);
}

}  // namespace
}  // namespace gate::dns
