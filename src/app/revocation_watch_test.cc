#include "app/revocation_watch.h"

#include <gtest/gtest.h>

#include <optional>

#include "cert/ocsp_for_test.h"
#include "client/loop_context.h"
#include "client/scripted_server_for_test.h"
#include "os/file.h"
#include "os/random.h"
#include "os/temporary_folder_for_test.h"

namespace gate::app {
namespace {

using namespace std::chrono_literals;
using client::ScriptedServer;

const base::WallTime kNow = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) - 1h;

// The wall's time is the test's; the loop's is the machine's.
class Clock final : public base::Clock {
 public:
  base::Instant now() const override { return system_.now(); }
  base::WallTime wall() const override { return system_.wall() + ahead; }
  base::Duration ahead{};

 private:
  base::SystemClock system_;
};

class Heard final : public RevocationListener {
 public:
  void revoked(const std::string& site, std::string_view text) override {
    revocations.push_back(site + ": " + std::string(text));
  }
  void stapled(std::shared_ptr<const tls::Staples> now) override { staples = std::move(now); }

  std::vector<std::string> revocations;
  std::shared_ptr<const tls::Staples> staples = std::make_shared<const tls::Staples>();
};

class RevocationWatchTest : public testing::Test {
 protected:
  RevocationWatchTest() {
    loop_ = loop::Loop::create(clock_).value();
    outside_ = client::LoopContext::create(*loop_, random_).value();
    server_ = std::make_unique<ScriptedServer>(*loop_, [this](const std::string& request) { return answer(request); });
  }

  // A site whose certificate names the server for both ways, or for one.
  void serve(bool with_ocsp, bool with_list) {
    auto credential = cert::for_test::revocable(issuer_, {"example.com"}, 7, with_ocsp ? server_->url("/ocsp") : "",
                                                with_list ? server_->url("/list") : "", kNow);
    certificate_ = credential.leaf();
    settings_.sites.clear();
    settings_.sites.emplace_back().names.push_back({.name = "example.com"});
    credentials_.clear();
    credentials_.emplace_back().credentials.push_back(std::move(credential));
  }

  std::unique_ptr<RevocationWatch> watch() {
    auto watch = std::make_unique<RevocationWatch>(outside_->context(), clock_, heard_, folder_.path("ocsp"));
    watch->adopt(settings_, credentials_);
    return watch;
  }

  // Until the server has been asked `count` times in all, and has been heard.
  void maintain(RevocationWatch& watch, std::size_t count) {
    watch.maintain();
    const auto until = clock_.now() + 10s;
    while (server_->requests.size() < count && clock_.now() < until) loop_->turn(clock_.now() + 50ms);
    for (int i = 0; i < 20; ++i) loop_->turn(clock_.now() + 5ms);
    EXPECT_EQ(server_->requests.size(), count);
  }

  std::string answer(const std::string& request) const {
    if (broken_) return ScriptedServer::response("503 Service Unavailable", "", "");
    if (request.starts_with("POST /ocsp ")) {
      const int status = revoked_ ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD;
      return ScriptedServer::response(
          "200 OK", "", cert::for_test::ocsp_response(*certificate_, issuer_, issuer_, {status, kNow, kNow + 96h}));
    }
    return ScriptedServer::response(
        "200 OK", "",
        cert::for_test::revocation_list(issuer_, revoked_ ? std::vector<long>{7} : std::vector<long>{}, kNow,
                                        kNow + 96h));
  }

  os::TemporaryFolder folder_;
  Clock clock_;
  os::SystemRandom random_;
  cert::Credential root_ = cert::for_test::root("root", kNow);
  cert::Credential issuer_ = cert::for_test::intermediate(root_, "issuer", kNow);
  std::optional<cert::Certificate> certificate_;
  Settings settings_;
  std::vector<SiteCredentials> credentials_;
  Heard heard_;
  bool revoked_ = false;
  bool broken_ = false;
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<client::LoopContext> outside_;
  std::unique_ptr<ScriptedServer> server_;
};

TEST_F(RevocationWatchTest, a_good_answer_is_stapled) {
  serve(true, false);
  const auto watching = watch();
  maintain(*watching, 1);
  EXPECT_TRUE(heard_.staples->responses.contains(certificate_->fingerprint()));
  EXPECT_TRUE(heard_.revocations.empty());
  maintain(*watching, 1);
}

TEST_F(RevocationWatchTest, an_answer_is_asked_for_anew_at_half_of_its_time_and_never_shown_beyond_it) {
  serve(true, false);
  const auto watching = watch();
  maintain(*watching, 1);
  clock_.ahead = 25h;  // two pauses of a day at the longest
  maintain(*watching, 2);
  broken_ = true;
  clock_.ahead = 60h;
  maintain(*watching, 3);
  EXPECT_TRUE(heard_.staples->responses.contains(certificate_->fingerprint())) << "the one there is still holds";
  clock_.ahead = 97h;
  maintain(*watching, 4);
  EXPECT_TRUE(heard_.staples->responses.empty());
}

TEST_F(RevocationWatchTest, an_answer_outlives_a_restart) {
  serve(true, false);
  maintain(*watch(), 1);
  heard_.staples = std::make_shared<const tls::Staples>();
  const auto again = watch();
  EXPECT_TRUE(heard_.staples->responses.contains(certificate_->fingerprint()));
  maintain(*again, 1);
}

TEST_F(RevocationWatchTest, what_is_kept_is_believed_no_more_than_what_is_sent) {
  serve(true, false);
  const std::string file = folder_.path("ocsp") + "/" + base::to_hex(certificate_->fingerprint()) + ".der";
  ASSERT_TRUE(os::make_directories(folder_.path("ocsp"), 0700));
  ASSERT_TRUE(os::write_file_atomically(file, "rubbish", 0600));
  const auto watching = watch();
  EXPECT_TRUE(heard_.staples->responses.empty());
  maintain(*watching, 1);
  EXPECT_FALSE(heard_.staples->responses.empty());
}

TEST_F(RevocationWatchTest, a_revoked_certificate_is_told_once_by_either_way) {
  revoked_ = true;
  for (const bool by_ocsp : {true, false}) {
    heard_.revocations.clear();
    server_->requests.clear();
    serve(by_ocsp, !by_ocsp);
    const auto watching = watch();
    maintain(*watching, 1);
    ASSERT_EQ(heard_.revocations.size(), 1U);
    EXPECT_TRUE(heard_.revocations.front().starts_with("example.com: the authority has revoked the certificate 07"));
    EXPECT_TRUE(heard_.staples->responses.empty());
    maintain(*watching, 1);
    EXPECT_EQ(heard_.revocations.size(), 1U);
  }
}

TEST_F(RevocationWatchTest, authorities_that_fail_harm_nothing_and_are_left_alone_for_longer_and_longer) {
  broken_ = true;
  serve(true, false);
  const auto watching = watch();
  maintain(*watching, 1);
  clock_.ahead = 9min;
  maintain(*watching, 1);
  clock_.ahead = 11min;
  maintain(*watching, 2);
  clock_.ahead = 22min;
  maintain(*watching, 2);
  clock_.ahead = 32min;
  broken_ = false;
  maintain(*watching, 3);
  EXPECT_FALSE(heard_.staples->responses.empty());
}

TEST_F(RevocationWatchTest, a_certificate_that_is_replaced_is_forgotten) {
  serve(true, false);
  const auto watching = watch();
  maintain(*watching, 1);
  const auto before = certificate_->fingerprint();
  serve(true, false);
  watching->adopt(settings_, credentials_);
  EXPECT_FALSE(heard_.staples->responses.contains(before));
  EXPECT_FALSE(os::inspect(folder_.path("ocsp") + "/" + base::to_hex(before) + ".der").has_value());
}

}  // namespace
}  // namespace gate::app
