#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "net/connection_for_test.h"
#include "tls/codes.h"
#include "tls/on_demand_table.h"
#include "tls/pair_for_test.h"

namespace gate::net {
namespace {

using namespace std::chrono_literals;
using for_test::ConnectionTest;

// A client that asks for a name whose certificate is still to be got.
class WaitingConnectionTest : public ConnectionTest, private tls::NameAsker {
 protected:
  void greet() {
    auto settings = tls::for_test::example_settings();
    settings.sites.front().is_default = settings.sites.front().on_demand = true;
    const auto server = tls::for_test::make_server(settings);
    NameAsker& asker = *this;
    table_ = std::make_shared<tls::OnDemandTable>(asker, *loop_);
    server->use_on_demand(table_);
    open(std::make_unique<tls::Engine>(server, tls::for_test::address("192.0.2.9"), clock_));
    client_.handshake();
    peer_sends(take_sent());
  }
  void ask(const std::string&) override {}
  std::string take_sent() {
    std::string sent(base::as_text(client_.sent.view()));
    client_.sent.clear();
    return sent;
  }
  void issue() {
    const auto& certificates = tls::for_test::Certificates::shared();
    table_->serve(kName, cert::for_test::leaf(certificates.root, {kName}, certificates.now));
  }
  void client_reads() {
    client_.received.append(peer_reads());
    client_.handshake();
  }

  const std::string kName = "shop.example.net";
  std::shared_ptr<tls::OnDemandTable> table_;
  tls::for_test::End client_{tls::for_test::make_client(), tls::ClientTarget{kName}, clock_};
};

TEST_F(WaitingConnectionTest, waits_for_its_certificate_and_goes_on_with_it) {
  greet();
  EXPECT_EQ(owner_->waits, 1);
  EXPECT_EQ(peer_reads(), "");
  pass(limits_->handshake_timeout - 1s);
  issue();
  connection().run_handshake();
  client_reads();
  EXPECT_EQ(client_.step, tls::Step::kDone);
  pass(2s);  // that it has waited is not the client's fault
  peer_sends(take_sent());
  EXPECT_EQ(owner_->handshakes, 1);
  EXPECT_TRUE(owner_->failures.empty());
}

TEST_F(WaitingConnectionTest, ends_with_an_alert_when_its_time_is_over) {
  greet();
  pass(limits_->handshake_timeout + 1s);
  EXPECT_EQ(owner_->failures, std::vector{tls::kCertificateUnderWay});
  client_reads();
  EXPECT_EQ(client_.step, tls::Step::kFailed);
  EXPECT_EQ(client_.engine.failure().code, tls::kAlertReceived);
}

TEST_F(WaitingConnectionTest, ends_at_once_when_too_many_wait) {
  owner_->may_wait = false;
  greet();
  EXPECT_EQ(owner_->failures, std::vector{tls::kCertificateUnderWay});
}

TEST_F(WaitingConnectionTest, ends_when_the_client_goes_away) {
  greet();
  peer_.close();
  turn();
  EXPECT_EQ(owner_->failures, std::vector{tls::kClosedInHandshake});
  EXPECT_EQ(owner_->ends, std::vector{CloseReason::kHandshakeFailed});
}

TEST_F(WaitingConnectionTest, what_the_client_sends_ahead_is_not_lost) {
  greet();
  peer_sends("\x17\x03\x03");  // the beginning of a record; nobody reads it yet
  EXPECT_EQ(owner_->waits, 1);
  issue();
  connection().run_handshake();
  client_reads();
  EXPECT_EQ(client_.step, tls::Step::kDone);
  turn();
  EXPECT_TRUE(owner_->failures.empty()) << "it waits for the rest of the record";
}

}  // namespace
}  // namespace gate::net
