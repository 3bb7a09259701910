#include "cert/renewal_json.h"

#include <gtest/gtest.h>

#include <string>

#include "cert/codes.h"

namespace gate::cert {
namespace {

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

RenewalFacts full() {
  return {
      .directory = "https://ca.test/dir",
      .first_issued = kNow,
      .window = RenewalWindow{kNow + std::chrono::days(50), kNow + std::chrono::days(52), "https://ca.test/why"},
      .moment = kNow + std::chrono::days(51),
      .ask_window_at = kNow + std::chrono::hours(6),
      .has_window_service = false,
      .is_revoked = true,
      .is_given_up = true,
      .failures = 3,
      .last_failure = RenewalFailure{RenewalFault::kRefused, "no \"such\"\nname", kNow, kNow + std::chrono::hours(1)}};
}

TEST(RenewalJson, gives_back_what_was_written) {
  for (const RenewalFacts& facts : {RenewalFacts{}, full()}) {
    const auto read = renewal_facts(to_json(facts), "facts.json");
    ASSERT_TRUE(read.has_value()) << read.error().why;
    EXPECT_EQ(*read, facts);
  }
}

TEST(RenewalJson, skips_members_of_later_versions) {
  EXPECT_TRUE(renewal_facts(R"({"directory":"https://ca.test/dir","later":[1]})", "facts.json").has_value());
}

TEST(RenewalJson, writes_text_that_it_reads_whatever_an_authority_said) {
  RenewalFacts facts = full();
  facts.last_failure->text = std::string(10'000, '\xc3') + "\xff";
  facts.window->explanation_url = "https://ca.test/" + std::string(100'000, 'x');
  EXPECT_TRUE(renewal_facts(to_json(facts), "facts.json").has_value());
}

TEST(RenewalJson, refuses_what_it_does_not_write) {
  for (const char* text :
       {"", "null", "[]", "{", "\xff", R"({"failures":-1})", R"({"failures":1.5})", R"({"failures":99999999999})",
        R"({"directory":1})", R"({"revoked":"yes"})", R"({"first_issued":"yesterday"})", R"({"window":[]})",
        R"({"window":{"start":"2026-11-22T09:30:00Z"}})", R"({"last_failure":{"fault":"tired"}})",
        R"({"ask_window_at":17})"}) {
    const auto read = renewal_facts(text, "facts.json");
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_EQ(read.error().code, kFactsUnreadable) << text;
  }
}

TEST(RenewalJson, refuses_every_part_of_a_file) {
  const std::string whole = to_json(full());
  for (std::size_t length = 0; length + 2 < whole.size(); ++length)
    EXPECT_FALSE(renewal_facts(whole.substr(0, length), "facts.json").has_value()) << length;
}

}  // namespace
}  // namespace gate::cert
