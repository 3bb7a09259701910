#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alert/codes.h"
#include "alert/smtp_reply.h"
#include "alert/smtp_session.h"
#include "base/text.h"

namespace gate::alert {
namespace {

TEST(SmtpReply, is_put_together_from_pieces_of_any_size) {
  constexpr std::string_view kText = "250-mail.test\r\n250-SIZE 1000\r\n250 AUTH PLAIN\r\n220\r\n";
  for (std::size_t piece = 1; piece < kText.size(); ++piece) {
    SmtpReplyReader reader;
    for (std::size_t at = 0; at < kText.size(); at += piece)
      ASSERT_TRUE(reader.take(base::as_bytes(kText.substr(at, piece))));
    const auto first = reader.next();
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->code, 250);
    EXPECT_EQ(first->lines, (std::vector<std::string>{"mail.test", "SIZE 1000", "AUTH PLAIN"}));
    EXPECT_EQ(reader.next()->code, 220);
    EXPECT_FALSE(reader.has_more());
  }
}

TEST(SmtpReply, is_refused_when_it_is_none) {
  for (const char* text : {"HTTP/1.1 400 Bad Request\r\n", "\r\n", "25\r\n", "199 no\r\n", "600 no\r\n", "250_x\r\n",
                           "250-one\r\n251 two\r\n", "SSH-2.0-OpenSSH\r\n"}) {
    SmtpReplyReader reader;
    EXPECT_FALSE(reader.take(base::as_bytes(std::string_view(text)))) << text;
  }
}

TEST(SmtpReply, has_bounds) {
  SmtpReplyReader long_line;
  EXPECT_FALSE(long_line.take(base::as_bytes("250 " + std::string(SmtpReplyReader::kLineBytesMax, 'x'))));
  SmtpReplyReader many_lines;
  std::string lines;
  for (std::size_t i = 0; i <= SmtpReplyReader::kLinesMax; ++i) lines += "250-x\r\n";
  EXPECT_FALSE(many_lines.take(base::as_bytes(lines)));
  SmtpReplyReader many_replies;
  std::string replies;
  for (int i = 0; i < 100; ++i) replies += "250 x\r\n";
  EXPECT_FALSE(many_replies.take(base::as_bytes(replies)));
}

TEST(SmtpReply, shows_nothing_that_moves_a_terminal) {
  SmtpReplyReader reader;
  ASSERT_TRUE(reader.take(base::as_bytes(std::string_view("550 no\x1b[2J\x07way\r\n"))));
  EXPECT_EQ(reader.next()->to_string(), "550 no?[2J?way");
}

class SmtpSessionTest : public testing::Test {
 protected:
  using Step = SmtpSession::Step;

  Step server_says(std::string_view text) { return session_->take(base::as_bytes(text)); }
  std::string said() { return session_->take_output(); }
  void begin(bool is_private) { session_.emplace(route_, "vm.test", "Subject: x\r\n\r\n.hidden\r\nend", is_private); }

  MailRoute route_{.from = "gate@example.com",
                   .to = {"a@example.com", "b@example.com"},
                   .server = {"mail.test", 587},
                   .user = {},
                   .password = {}};
  std::optional<SmtpSession> session_;
};

TEST_F(SmtpSessionTest, hands_a_mail_in) {
  begin(true);
  EXPECT_EQ(server_says("220 mail.test ESMTP\r\n"), Step::kWait);
  EXPECT_EQ(said(), "EHLO vm.test\r\n");
  EXPECT_EQ(server_says("250-mail.test\r\n250 STARTTLS\r\n"), Step::kWait);
  EXPECT_EQ(said(), "MAIL FROM:<gate@example.com>\r\n");
  EXPECT_EQ(server_says("250 ok\r\n"), Step::kWait);
  EXPECT_EQ(said(), "RCPT TO:<a@example.com>\r\n");
  EXPECT_EQ(server_says("250 ok\r\n"), Step::kWait);
  EXPECT_EQ(said(), "RCPT TO:<b@example.com>\r\n");
  EXPECT_EQ(server_says("250 ok\r\n"), Step::kWait);
  EXPECT_EQ(said(), "DATA\r\n");
  EXPECT_EQ(server_says("354 go on\r\n"), Step::kWait);
  EXPECT_EQ(said(), "Subject: x\r\n\r\n..hidden\r\nend\r\n.\r\n");
  EXPECT_EQ(server_says("250 queued as 4711\r\n"), Step::kDone);
  EXPECT_EQ(said(), "QUIT\r\n");
  EXPECT_EQ(session_->receipt(), "250 queued as 4711");
  EXPECT_EQ(session_->ended(), Step::kDone);
}

TEST_F(SmtpSessionTest, says_nothing_of_the_mail_before_it_is_encrypted) {
  route_.user = "gate";
  route_.password = "secret";
  begin(false);
  server_says("220 mail.test\r\n");
  EXPECT_EQ(said(), "EHLO vm.test\r\n");
  EXPECT_EQ(server_says("250-mail.test\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n"), Step::kWait);
  EXPECT_EQ(said(), "STARTTLS\r\n");
  EXPECT_EQ(server_says("220 go on\r\n"), Step::kStartTls);
  EXPECT_EQ(said(), "");
  EXPECT_EQ(session_->tls_started(), Step::kWait);
  EXPECT_EQ(said(), "EHLO vm.test\r\n");
  EXPECT_EQ(server_says("250-mail.test\r\n250 AUTH LOGIN PLAIN\r\n"), Step::kWait);
  EXPECT_EQ(said(), "AUTH PLAIN AGdhdGUAc2VjcmV0\r\n");
  EXPECT_EQ(server_says("235 welcome\r\n"), Step::kWait);
  EXPECT_EQ(said(), "MAIL FROM:<gate@example.com>\r\n");
}

TEST_F(SmtpSessionTest, does_not_go_on_in_the_clear) {
  begin(false);
  server_says("220 mail.test\r\n");
  EXPECT_EQ(server_says("250-mail.test\r\n250 AUTH PLAIN\r\n"), Step::kFailed);
  EXPECT_EQ(session_->failure().code, kMailUnsafe);
}

TEST_F(SmtpSessionTest, takes_nothing_that_was_slipped_in_before_the_handshake) {
  begin(false);
  server_says("220 mail.test\r\n");
  server_says("250-mail.test\r\n250 STARTTLS\r\n");
  EXPECT_EQ(server_says("220 go on\r\n250 injected\r\n"), Step::kFailed);
  EXPECT_EQ(session_->failure().code, kMailUnsafe);
}

TEST_F(SmtpSessionTest, repeats_no_password_of_a_refused_login) {
  route_.user = "gate";
  route_.password = "secret";
  begin(true);
  server_says("220 mail.test\r\n");
  server_says("250-mail.test\r\n250 AUTH PLAIN\r\n");
  EXPECT_EQ(server_says("535 what is AGdhdGUAc2VjcmV0\r\n"), Step::kFailed);
  EXPECT_EQ(session_->failure().why, "it refused the login with 535");
}

TEST_F(SmtpSessionTest, tells_what_the_server_refused_with) {
  begin(true);
  server_says("220 mail.test\r\n");
  server_says("250 mail.test\r\n");
  server_says("250 ok\r\n");
  EXPECT_EQ(server_says("550 no such user\r\n"), Step::kFailed);
  EXPECT_EQ(session_->failure().code, kMailRefused);
  EXPECT_EQ(session_->failure().why, "it said \"550 no such user\"");
}

TEST_F(SmtpSessionTest, fails_when_the_server_leaves_or_speaks_something_else) {
  begin(true);
  EXPECT_EQ(session_->ended(), Step::kFailed);
  EXPECT_EQ(session_->failure().code, kMailUnreachable);
  begin(true);
  EXPECT_EQ(server_says("HTTP/1.1 400 Bad Request\r\n"), Step::kFailed);
  begin(true);
  EXPECT_EQ(server_says("421 too busy\r\n"), Step::kFailed);
}

TEST_F(SmtpSessionTest, sends_no_text_without_being_asked_for_it) {
  begin(true);
  for (const char* reply : {"220 mail.test\r\n", "250 mail.test\r\n", "250 ok\r\n", "250 ok\r\n", "250 ok\r\n"})
    EXPECT_EQ(server_says(reply), Step::kWait);
  said();
  EXPECT_EQ(server_says("250 ok\r\n"), Step::kFailed);
  EXPECT_EQ(said(), "");
}

}  // namespace
}  // namespace gate::alert
