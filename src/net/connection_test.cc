#include "net/connection.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/connection_for_test.h"
#include "tls/codes.h"
#include "tls/pair_for_test.h"

namespace gate::net {
namespace {

using namespace std::chrono_literals;
using for_test::ConnectionTest;

const std::string kMuch(4'000'000, 'x');  // more than a socket takes at once

TEST_F(ConnectionTest, carries_bytes_both_ways_and_counts_them) {
  open();
  wire().to_send = "hello";
  peer_sends("good day");
  EXPECT_EQ(wire().received, "good day");
  EXPECT_EQ(peer_reads(), "hello");
  EXPECT_EQ(received_.value(), 8U);
  EXPECT_EQ(sent_.value(), 5U);
  EXPECT_EQ(wire().progress, 5U);
}

TEST_F(ConnectionTest, a_wire_that_wakes_is_heard_without_any_input) {
  open();
  wire().to_send = "by the way";
  turn();
  EXPECT_EQ(peer_reads(), "");
  connection().wake();
  turn();
  EXPECT_EQ(peer_reads(), "by the way");
}

TEST_F(ConnectionTest, what_a_slow_peer_does_not_take_waits_for_it) {
  open();
  wire().to_send = kMuch;
  connection().wake();
  turn();
  EXPECT_LT(sent_.value(), kMuch.size());
  EXPECT_FALSE(wire().to_send.empty()) << "the wire waits, instead of a buffer that grows";
  EXPECT_EQ(peer_reads_all(), kMuch);
}

TEST_F(ConnectionTest, does_not_read_for_a_wire_that_takes_nothing) {
  open();
  wire().wants_read = false;
  peer_sends("wait");
  EXPECT_EQ(wire().received, "");
  wire().wants_read = true;
  connection().wake();
  turn();
  EXPECT_EQ(wire().received, "wait");
}

TEST_F(ConnectionTest, does_not_read_while_the_peer_takes_no_answers) {
  open();
  wire().to_send = kMuch;
  connection().wake();
  turn();
  peer_sends("more");
  EXPECT_EQ(wire().received, "");
  peer_reads_all();
  EXPECT_EQ(wire().received, "more");
}

TEST_F(ConnectionTest, tells_the_peers_end_once_and_after_its_data) {
  open();
  ASSERT_EQ(write(peer_.number(), "last", 4), 4);
  shutdown(peer_.number(), SHUT_WR);
  turn();
  turn();
  EXPECT_EQ(wire().received, "last");
  EXPECT_EQ(wire().ends, 1);
  EXPECT_TRUE(owner_->ends.empty()) << "a wire may still answer";
}

TEST_F(ConnectionTest, a_finished_wire_has_its_last_bytes_sent_and_the_peers_end_awaited) {
  open();
  wire().to_send = kMuch;
  wire().finished = true;
  connection().wake();
  turn();
  EXPECT_EQ(peer_reads_all(), kMuch);
  EXPECT_TRUE(peer_saw_end_);
  EXPECT_TRUE(owner_->ends.empty());
  peer_sends("unread input must not reset the connection");
  peer_.close();
  turn();
  EXPECT_EQ(owner_->ends, std::vector{CloseReason::kFinished});
}

TEST_F(ConnectionTest, a_wire_may_end_its_direction_and_go_on_to_read) {
  open();
  wire().to_send = kMuch;
  wire().output_ended = true;
  connection().wake();
  turn();
  EXPECT_EQ(peer_reads_all(), kMuch);
  EXPECT_TRUE(peer_saw_end_);
  pass(limits_->linger_timeout * 2);
  peer_sends("I go on");
  EXPECT_EQ(wire().received, "I go on");
  EXPECT_TRUE(owner_->ends.empty());
  shutdown(peer_.number(), SHUT_WR);
  turn();
  EXPECT_EQ(wire().ends, 1);
  wire().finished = true;
  connection().wake();
  turn();
  EXPECT_EQ(owner_->ends, std::vector{CloseReason::kFinished});
}

TEST_F(ConnectionTest, a_peer_that_does_not_end_is_not_awaited_for_long) {
  open();
  wire().finished = true;
  connection().wake();
  turn();
  pass(limits_->linger_timeout - 1ms);
  EXPECT_TRUE(owner_->ends.empty());
  pass(10ms);
  EXPECT_EQ(owner_->ends, std::vector{CloseReason::kFinished});
}

// The last portion of the wire is out, but not all of it fits into the socket.
TEST_F(ConnectionTest, a_peer_that_takes_nothing_of_the_last_bytes_is_left) {
  const int small = 4096;
  ASSERT_EQ(setsockopt(ours_.number(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
  open();
  wire().to_send = kMuch.substr(0, 60'000);
  wire().finished = true;
  connection().wake();
  turn();
  ASSERT_TRUE(wire().to_send.empty());
  ASSERT_LT(sent_.value(), 60'000U);
  pass(limits_->stall_timeout - 10ms);
  EXPECT_TRUE(owner_->ends.empty());
  pass(20ms);
  EXPECT_EQ(owner_->ends, std::vector{CloseReason::kStalled});
}

TEST_F(ConnectionTest, calls_the_wires_deadline_when_it_is_due_and_not_before) {
  open();
  wire().due = clock_.now() + 1s;
  connection().wake();
  turn();
  pass(999ms);
  EXPECT_EQ(wire().deadlines, 0);
  pass(10ms);
  EXPECT_EQ(wire().deadlines, 1);
  pass(1h);
  EXPECT_EQ(wire().deadlines, 1);
}

TEST_F(ConnectionTest, a_deadline_that_has_moved_out_is_kept_at_its_new_time) {
  open();
  wire().due = clock_.now() + 1s;
  connection().wake();
  turn();
  wire().due = clock_.now() + 3s;
  pass(2s);
  EXPECT_EQ(wire().deadlines, 0);
  pass(1s + 10ms);
  EXPECT_EQ(wire().deadlines, 1);
}

TEST_F(ConnectionTest, draining_is_the_wires_matter) {
  open();
  connection().drain();
  turn();
  EXPECT_EQ(wire().drains, 1);
  EXPECT_TRUE(owner_->ends.empty());
}

TEST_F(ConnectionTest, discarding_ends_it_at_once_and_the_wire_hears_of_it) {
  open();
  connection().discard(CloseReason::kDiscarded);
  EXPECT_EQ(wire().abandons, 1);
  EXPECT_EQ(owner_->ends, std::vector{CloseReason::kDiscarded});
  peer_reads();
  EXPECT_TRUE(peer_saw_end_);
  turn();
}

// The server has the last word in a handshake of TLS 1.2.
TEST_F(ConnectionTest, without_a_wire_the_handshake_is_completed_and_the_connection_closed) {
  owner_->gives_wire = false;
  open_tls();
  tls::for_test::End client(tls::for_test::make_client({.version_max = tls::kTls12}), tls::ClientTarget{"example.com"},
                            clock_);
  for (int round = 0; round < 2; ++round) {
    client.handshake();
    peer_sends(base::as_text(client.sent.view()));
    client.sent.clear();
    client.received.append(base::as_bytes(peer_reads()));
  }
  client.handshake();
  EXPECT_EQ(client.step, tls::Step::kDone);
  EXPECT_EQ(client.read(), "");
  EXPECT_EQ(client.step, tls::Step::kEnd);
  EXPECT_TRUE(peer_saw_end_);
  peer_.close();
  turn();
  EXPECT_EQ(owner_->ends, std::vector{CloseReason::kFinished});
}

TEST_F(ConnectionTest, a_handshake_has_its_time_and_no_more) {
  open_tls();
  peer_sends("\x16\x03\x01");
  pass(limits_->handshake_timeout - 10ms);
  EXPECT_TRUE(owner_->ends.empty());
  pass(20ms);
  EXPECT_EQ(owner_->failures, std::vector{tls::kHandshakeTimeout});
  EXPECT_EQ(owner_->ends, std::vector{CloseReason::kHandshakeTimeout});
}

TEST_F(ConnectionTest, plain_http_to_a_tls_port_is_answered_in_plain_words) {
  open_tls();
  peer_sends("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
  EXPECT_EQ(peer_reads(), "HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_TRUE(peer_saw_end_);
  EXPECT_EQ(owner_->failures, std::vector{tls::kPlainHttp});
}

TEST_F(ConnectionTest, garbage_instead_of_a_handshake_gets_an_alert_and_the_end) {
  open_tls();
  peer_sends(std::string("\x16\x03\x01\x00\x04\xff\xff\xff\xff", 9));
  const std::string answer = peer_reads();
  ASSERT_EQ(answer.size(), 7U);
  EXPECT_EQ(answer[0], '\x15');
  EXPECT_TRUE(peer_saw_end_);
  EXPECT_EQ(owner_->failures.size(), 1U);
  EXPECT_EQ(owner_->handshakes, 0);
}

TEST_F(ConnectionTest, a_peer_that_leaves_in_the_handshake_is_a_failure_of_its) {
  open_tls();
  peer_sends("\x16\x03\x01");
  peer_.close();
  turn();
  EXPECT_EQ(owner_->failures.size(), 1U);
  EXPECT_EQ(owner_->ends, std::vector{CloseReason::kHandshakeFailed});
}

class TlsConnectionTest : public ConnectionTest {
 protected:
  void SetUp() override {
    ConnectionTest::SetUp();
    open_tls();
    for (int round = 0; round < 4 && client_.step == tls::Step::kNeedRead; ++round) {
      client_.handshake();
      exchange();
    }
    ASSERT_EQ(client_.step, tls::Step::kDone);
    ASSERT_EQ(owner_->handshakes, 1);
  }

  // What the client has to say goes to the connection, and what that answers to the client.
  void exchange() {
    if (!client_.sent.empty()) peer_sends(base::as_text(client_.sent.view()));
    client_.sent.clear();
    client_.received.append(base::as_bytes(peer_reads()));
  }

  tls::for_test::Clock engine_clock_;
  tls::for_test::End client_{tls::for_test::make_client(), tls::ClientTarget{"example.com"}, engine_clock_};
};

TEST_F(TlsConnectionTest, carries_what_is_sealed_both_ways) {
  wire().to_send = "hello";
  ASSERT_TRUE(client_.write("good day"));
  exchange();
  EXPECT_EQ(wire().received, "good day");
  EXPECT_EQ(client_.read(), "hello");
}

TEST_F(TlsConnectionTest, much_is_carried_whole) {
  wire().to_send = kMuch;
  connection().wake();
  turn();
  client_.received.append(base::as_bytes(peer_reads_all()));
  EXPECT_EQ(client_.read(), kMuch);
}

TEST_F(TlsConnectionTest, a_bad_record_in_the_middle_ends_it) {
  peer_sends(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, '?'));
  EXPECT_EQ(owner_->ends, std::vector{CloseReason::kTlsFailed});
  EXPECT_EQ(wire().abandons, 1);
  EXPECT_EQ(wire().received, "");
}

// The library would wait for the rest of a record that is one byte too long.
TEST_F(TlsConnectionTest, reads_records_itself_once_the_handshake_is_done) {
  peer_sends(std::string("\x17\x03\x03\x41\x01", 5));
  EXPECT_EQ(owner_->ends, std::vector{CloseReason::kTlsFailed});
}

TEST_F(TlsConnectionTest, the_peers_goodbye_is_the_end_of_its_input) {
  client_.close();
  exchange();
  EXPECT_EQ(wire().ends, 1);
}

TEST_F(TlsConnectionTest, says_goodbye_for_a_wire_that_goes_on_to_read) {
  wire().to_send = "that is all";
  wire().output_ended = true;
  connection().wake();
  turn();
  client_.received.append(base::as_bytes(peer_reads()));
  EXPECT_EQ(client_.read(), "that is all");
  EXPECT_EQ(client_.step, tls::Step::kEnd);
  ASSERT_TRUE(client_.write("I go on"));
  exchange();
  EXPECT_EQ(wire().received, "I go on");
  EXPECT_TRUE(peer_saw_end_);
  EXPECT_TRUE(owner_->ends.empty());
}

TEST_F(TlsConnectionTest, says_goodbye_when_the_wire_is_finished) {
  wire().to_send = "bye";
  wire().finished = true;
  connection().wake();
  turn();
  client_.received.append(base::as_bytes(peer_reads()));
  EXPECT_EQ(client_.read(), "bye");
  EXPECT_EQ(client_.step, tls::Step::kEnd);
}

}  // namespace
}  // namespace gate::net
