#include "alert/message.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <vector>

namespace gate::alert {
namespace {

const MessageFacts kFacts{.host = "vm.test", .now = base::WallTime(std::chrono::seconds(1'800'000'000)), .id = "4711"};
const MailRoute kRoute{.from = "gate@example.com", .to = {"a@example.com", "b@example.com"}, .server = {}};

std::vector<Notice> notices(std::size_t count, const std::string& text = "it ends soon") {
  return std::vector<Notice>(count, Notice{Occasion::kNew, {"example.com", "expires_soon", text}});
}

TEST(Base64, is_that_of_the_rfc) {
  // RFC 4648 10.
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foo"), "Zm9v");
  EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
  EXPECT_EQ(to_base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(to_base64("\xff\xfe\xfd"), "//79");
}

TEST(MailText, has_the_fields_that_mail_needs) {
  const std::string mail = mail_text(kRoute, notices(1), kFacts);
  for (const char* field : {"From: Gate443 <gate@example.com>\r\n", "To: a@example.com, b@example.com\r\n",
                            "Subject: [gate443] example.com: it ends soon\r\n", "Message-ID: <4711@vm.test>\r\n",
                            "Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n", "Auto-Submitted: auto-generated\r\n"})
    EXPECT_NE(mail.find(field), std::string::npos) << field << " in\n" << mail;
}

TEST(MailText, lets_no_text_become_a_field_or_a_line_of_smtp) {
  const std::string mail = mail_text(kRoute, notices(1, "x\r\nBcc: evil@example.com\r\n.\r\nQUIT \xc3\xa9"), kFacts);
  EXPECT_EQ(mail.find("\nBcc"), std::string::npos);
  EXPECT_EQ(mail.find("QUIT \xc3"), std::string::npos);
  EXPECT_EQ(mail.find("\n."), std::string::npos);
  EXPECT_EQ(mail.find("\r\n\r\n"), mail.rfind("\r\n\r\n")) << "one empty line, before the body";
  EXPECT_TRUE(std::ranges::all_of(mail, [](char c) { return c == '\r' || c == '\n' || (c >= ' ' && c <= '~'); }));
}

TEST(MailText, has_lines_that_every_server_takes) {
  const std::string mail = mail_text(kRoute, notices(1000, std::string(5000, 'x')), kFacts);
  std::size_t length = 0;
  for (const char c : mail) {
    length = c == '\n' ? 0 : length + 1;
    ASSERT_LE(length, 998U);  // RFC 5322 2.1.1
  }
}

TEST(WebhookText, is_json_for_programs_and_a_text_for_people) {
  const auto message = nlohmann::json::parse(webhook_text(notices(2), kFacts));
  EXPECT_EQ(message["host"], "vm.test");
  EXPECT_EQ(message["time"], "2027-01-15T08:00:00Z");
  EXPECT_EQ(message["count"], 2);
  EXPECT_EQ(message["alarms"][1]["concern"], "expires_soon");
  EXPECT_EQ(message["alarms"][1]["occasion"], "new");
  EXPECT_EQ(message["text"], "example.com: it ends soon\nexample.com: it ends soon");
}

TEST(WebhookText, is_json_whatever_an_authority_said) {
  EXPECT_TRUE(nlohmann::json::accept(webhook_text(notices(1, "\xff\"\n\x01"), kFacts)));
}

}  // namespace
}  // namespace gate::alert
