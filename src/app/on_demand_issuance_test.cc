#include "app/on_demand_issuance.h"

#include <gtest/gtest.h>

#include <optional>

#include "acme/fake_authority_for_test.h"
#include "app/configuration_source.h"
#include "client/loop_context.h"
#include "client/scripted_server_for_test.h"
#include "conf/environment.h"
#include "http/media_type.h"
#include "loop/waiting_for_test.h"
#include "os/file.h"
#include "os/random.h"
#include "os/temporary_folder_for_test.h"
#include "tls/codes.h"

namespace gate::app {
namespace {

using namespace std::chrono_literals;
using client::ScriptedServer;

const std::string kName = "a.customers.example.com";

// The system's, days later.
class LaterClock final : public base::Clock {
 public:
  base::Instant now() const override { return std::chrono::steady_clock::now(); }
  base::WallTime wall() const override { return std::chrono::system_clock::now() + later; }
  base::Duration later{};
};

// An authority that believes everything, somebody who gives permission, and a worker.
class OnDemandIssuanceTest : public testing::Test, private IssuanceListener {
 protected:
  OnDemandIssuanceTest() {
    workers_->start();
    issuance_.emplace(Issuance::Environment{.outside = outside_->context(),
                                            .random = random_,
                                            .listener = *this,
                                            .solvers = {},
                                            .dns_solvers = dns_solvers_},
                      folder_.path());
    authority_.authorization_status = "valid";
    load("ask " + keeper_.url("/allowed"));
    on_demand_.emplace(OnDemandIssuance::Environment{.outside = outside_->context(),
                                                     .workers = *workers_,
                                                     .names = names_,
                                                     .issuance = *issuance_,
                                                     .listener = *this,
                                                     .changed = [] {}},
                       loaded_.settings);
  }
  ~OnDemandIssuanceTest() override {
    on_demand_.reset();
    issuance_.reset();
    workers_->stop();
  }

  // The site of all names but its own. Its authority is not asked over TLS, which no configuration could say.
  void load(const std::string& inside) {
    const conf::SystemEnvironment environment;
    const std::string text =
        "site www.example.com {\n default\n tls acme {\n on-demand {\n" + inside + "\n}\n}\n respond 200 x\n}\n";
    loaded_ = load_configuration({.path = {}, .text = text, .name = "test.conf"}, environment);
    ASSERT_TRUE(loaded_.good()) << loaded_.report();
    loaded_.settings.sites.front().acme->authorities = {{.directory = authority_.url("/dir")}};
  }

  // IssuanceListener
  base::Result<void> issued(const std::string& name, const cert::Credential& credential) override {
    return on_demand_->take(name, credential);
  }
  void renewal_wanted(const std::string& name) override { on_demand_->check_renewal(name); }
  void audit(observe::AuditKind, std::string_view text, base::ErrorCode code) override {
    lines_.emplace_back(text);
    codes_.push_back(code);
  }

  bool wait(const std::function<bool()>& condition) { return loop::wait_for(*loop_, condition); }
  void settle() { loop::settle(*loop_); }
  bool issue(const std::string& name) {
    on_demand_->seek(name);
    return wait([&] { return names_.find(name) != nullptr && !issuance_->running(name); });
  }
  void pass(base::Duration time) {
    clock_.later += time;
    settle();
    on_demand_->adopt(loaded_.settings);  // looks at once
    issuance_->maintain();
  }
  bool worker_has(const std::string& name) {
    bool has = false;
    workers_->on_all([&](server::Worker& worker, std::size_t) { has = worker.on_demand().find(name) != nullptr; });
    return has;
  }
  std::array<std::byte, 32> certificate() { return names_.find(kName)->credential.leaf().fingerprint(); }
  std::size_t orders() const { return authority_.count("/order"); }

  os::TemporaryFolder folder_;
  LaterClock clock_;
  os::SystemRandom random_;
  std::unique_ptr<loop::Loop> loop_ = loop::Loop::create(clock_).value();
  std::unique_ptr<client::LoopContext> outside_ = client::LoopContext::create(*loop_, random_).value();
  acme::for_test::FakeAuthority authority_{*loop_};
  std::string verdict_ = "200 OK";
  ScriptedServer keeper_{*loop_, [this](const std::string&) { return ScriptedServer::response(verdict_, "", ""); }};
  http::MediaTypes media_types_;
  std::unique_ptr<WorkerPool> workers_ =
      WorkerPool::create(
          {.clock = clock_, .random = random_, .state_folder = folder_.path(), .media_types = media_types_}, 1)
          .value();
  DnsSolvers dns_solvers_{outside_->context(), [](const base::Error&) {}};
  OnDemandNames names_{folder_.path()};
  LoadedConfiguration loaded_;
  std::vector<std::string> lines_;
  std::vector<base::ErrorCode> codes_;
  std::optional<Issuance> issuance_;
  std::optional<OnDemandIssuance> on_demand_;
};

TEST_F(OnDemandIssuanceTest, a_name_that_is_permitted_is_ordered_once_and_served) {
  on_demand_->seek(kName);
  on_demand_->seek(kName);  // by another worker
  ASSERT_TRUE(issue(kName)) << (lines_.empty() ? "" : lines_.back());
  EXPECT_TRUE(worker_has(kName));
  EXPECT_EQ(keeper_.requests.size(), 1U);
  EXPECT_EQ(orders(), 1U);
  EXPECT_EQ(names_.counters().issued.value(), 1U);
}

TEST_F(OnDemandIssuanceTest, a_name_that_is_refused_is_not_ordered) {
  verdict_ = "403 Forbidden";
  on_demand_->seek(kName);
  EXPECT_TRUE(wait([&] { return names_.counters().refused.value() == 1; }));
  EXPECT_EQ(orders(), 0U);
  ASSERT_EQ(codes_, std::vector{tls::kNameNotPermitted});
  EXPECT_NE(lines_.front().find("answers 403"), std::string::npos) << lines_.front();
}

TEST_F(OnDemandIssuanceTest, names_that_no_authority_issues_for_are_asked_about_by_nobody) {
  for (const std::string name : {"router.lan", "www.example.com", "host.internal"}) on_demand_->seek(name);
  settle();
  EXPECT_TRUE(keeper_.requests.empty());
  EXPECT_EQ(orders(), 0U);
}

TEST_F(OnDemandIssuanceTest, a_renewal_needs_a_permission_of_its_own) {
  ASSERT_TRUE(issue(kName));
  const auto first = certificate();
  pass(21 * 24h);
  EXPECT_EQ(orders(), 1U) << "it is asked first";
  ASSERT_TRUE(wait([&] { return keeper_.requests.size() == 2; }));
  settle();
  issuance_->maintain();
  EXPECT_TRUE(wait([&] { return certificate() != first; }));
  EXPECT_TRUE(worker_has(kName));
  EXPECT_EQ(names_.counters().issued.value(), 1U) << "it is no new name";
}

TEST_F(OnDemandIssuanceTest, who_has_left_is_not_renewed_and_served_to_the_end) {
  ASSERT_TRUE(issue(kName));
  verdict_ = "404 Not Found";
  pass(21 * 24h);
  ASSERT_TRUE(wait([&] { return !names_.find(kName)->is_renewed; }));
  issuance_->maintain();
  settle();
  EXPECT_EQ(orders(), 1U);
  EXPECT_TRUE(worker_has(kName));
  EXPECT_NE(lines_.back().find("not renewed"), std::string::npos) << lines_.back();
  const std::size_t told = lines_.size();
  issuance_->maintain();
  settle();
  EXPECT_EQ(lines_.size(), told) << "once";
}

TEST_F(OnDemandIssuanceTest, nobody_to_ask_puts_a_renewal_off) {
  ASSERT_TRUE(issue(kName));
  const auto first = certificate();
  verdict_.clear();
  load("ask http://127.0.0.1:1/allowed");
  pass(21 * 24h);
  settle();
  EXPECT_TRUE(names_.find(kName)->is_renewed);
  EXPECT_EQ(certificate(), first);
  verdict_ = "200 OK";
  load("ask " + keeper_.url("/allowed"));
  pass(0s);
  ASSERT_TRUE(wait([&] { return keeper_.requests.size() == 2; }));
  settle();
  issuance_->maintain();
  EXPECT_TRUE(wait([&] { return certificate() != first; }));
}

TEST_F(OnDemandIssuanceTest, a_name_that_nobody_asks_for_is_not_renewed) {
  ASSERT_TRUE(issue(kName));
  names_.note_asked(kName, clock_.wall() - 10 * 24h);
  pass(21 * 24h);
  settle();
  EXPECT_FALSE(names_.find(kName)->is_renewed);
  EXPECT_EQ(keeper_.requests.size(), 1U);
  EXPECT_EQ(orders(), 1U);
}

TEST_F(OnDemandIssuanceTest, what_is_over_is_forgotten_with_its_key) {
  ASSERT_TRUE(issue(kName));
  const std::string file = folder_.path("certificates/acme/" + kName + "/credential.pem");
  ASSERT_TRUE(os::inspect(file));
  pass(31 * 24h);
  EXPECT_EQ(names_.find(kName), nullptr);
  EXPECT_FALSE(os::inspect(file));
  EXPECT_FALSE(worker_has(kName));
}

TEST_F(OnDemandIssuanceTest, a_failed_order_leaves_nothing_behind) {
  authority_.authorization_status = "invalid";
  on_demand_->seek(kName);
  EXPECT_TRUE(wait([&] { return names_.counters().failed.value() == 1; }));
  EXPECT_FALSE(os::inspect(folder_.path("certificates/acme/" + kName)));
  issuance_->maintain();
  EXPECT_FALSE(issuance_->wanted(kName));
}

}  // namespace
}  // namespace gate::app
