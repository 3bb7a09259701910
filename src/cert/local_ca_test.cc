#include "cert/local_ca.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "base/check.h"
#include "cert/codes.h"
#include "cert/issue.h"
#include "cert/verify.h"
#include "os/codes.h"
#include "os/file.h"
#include "os/temporary_folder_for_test.h"

namespace gate::cert {
namespace {

using namespace std::chrono_literals;

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

class LocalCaTest : public testing::Test {
 protected:
  LocalCa make() const {
    auto ca = LocalCa::open_or_create(folder(), kNow);
    GATE_CHECK(ca.has_value());
    return *std::move(ca);
  }
  std::string folder() const { return temporary_.path("ca"); }

  static base::Result<void> verify(const LocalCa& ca, const Credential& credential, std::string_view name,
                                   base::WallTime now = kNow + 1h) {
    std::vector<Certificate> roots;
    for (const auto& root : ca.roots()) roots.push_back(root.certificate);
    std::vector<base::ByteView> chain;
    for (const auto& each : credential.chain) chain.push_back(each.der());
    return verify_server_chain(Roots::of(roots), chain, name, now);
  }

  os::TemporaryFolder temporary_;
};

TEST_F(LocalCaTest, issues_leaves_that_clients_accept) {
  LocalCa ca = make();
  const std::vector<std::string> names{"localhost", "*.app.localhost", "127.0.0.1", "::1", "printer.lan"};
  const auto leaf = ca.issue(names, kNow);
  ASSERT_TRUE(leaf.has_value()) << leaf.error().why;
  for (const char* name : {"localhost", "a.app.localhost", "127.0.0.1", "::1", "printer.lan"}) {
    const auto verified = verify(ca, *leaf, name);
    EXPECT_TRUE(verified.has_value()) << name << ": " << verified.error().why;
  }
  EXPECT_FALSE(verify(ca, *leaf, "other.lan").has_value());
  EXPECT_FALSE(verify(ca, *leaf, "127.0.0.2").has_value());
}

TEST_F(LocalCaTest, gives_leaves_thirty_days_and_a_margin_for_wrong_clocks) {
  LocalCa ca = make();
  const auto leaf = ca.issue(std::vector<std::string>{"localhost"}, kNow);
  ASSERT_TRUE(leaf.has_value());
  EXPECT_EQ(leaf->leaf().not_before(), kNow - 1h);
  EXPECT_EQ(leaf->leaf().not_after(), kNow + 30 * 24h);
  EXPECT_EQ(renewal_time(leaf->leaf()), kNow - 1h + 480h + 40min);
  EXPECT_FALSE(verify(ca, *leaf, "localhost", kNow + 31 * 24h).has_value());
}

TEST_F(LocalCaTest, never_issues_beyond_the_end_of_its_root) {
  LocalCa ca = make();
  const auto leaf = ca.issue(std::vector<std::string>{"localhost"}, ca.root().not_after() - 24h);
  ASSERT_TRUE(leaf.has_value());
  EXPECT_EQ(leaf->leaf().not_after(), ca.root().not_after());
}

TEST_F(LocalCaTest, issues_nothing_while_its_root_is_not_valid) {
  LocalCa ca = make();
  const std::vector<std::string> names{"localhost"};
  const auto late = ca.issue(names, ca.root().not_after() + 1s);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, kLocalCaUnusable);
  EXPECT_NE(late.error().why.find("expired"), std::string::npos) << late.error().why;
  const auto early = ca.issue(names, ca.root().not_before() - 1s);
  ASSERT_FALSE(early.has_value());
  EXPECT_EQ(early.error().code, kLocalCaUnusable);
}

// Whoever follows the advice loses a root that all his clients trust.
TEST_F(LocalCaTest, does_not_advise_to_remove_a_root_when_only_the_clock_is_behind) {
  const auto begin = make().root().not_before();
  const auto opened = LocalCa::open_or_create(folder(), begin - 1s);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, kLocalCaUnusable);
  EXPECT_EQ(opened.error().fix.find("remove"), std::string::npos) << opened.error().fix;
  EXPECT_NE(opened.error().fix.find("clock"), std::string::npos) << opened.error().fix;
}

TEST_F(LocalCaTest, is_the_same_when_opened_again) {
  const auto fingerprint = make().root().fingerprint();
  EXPECT_EQ(make().root().fingerprint(), fingerprint);
  EXPECT_EQ(LocalCa::open(folder(), kNow)->root().fingerprint(), fingerprint);
}

TEST_F(LocalCaTest, open_alone_creates_nothing) {
  EXPECT_EQ(LocalCa::open(folder(), kNow).error().code, kLocalCaUnusable);
  EXPECT_FALSE(std::filesystem::exists(folder()));
}

TEST_F(LocalCaTest, keeps_its_key_from_others) {
  make();
  EXPECT_EQ(os::inspect(folder() + "/root.pem")->mode, 0600U);
  EXPECT_EQ(os::inspect(folder() + "/root.crt")->mode, 0644U);
  EXPECT_EQ(os::inspect(folder())->mode, 0700U);
  ASSERT_EQ(::chmod((folder() + "/root.pem").c_str(), 0644), 0);
  EXPECT_EQ(LocalCa::open_or_create(folder(), kNow).error().code, os::kUnsafeFileMode);
}

TEST_F(LocalCaTest, does_not_let_its_first_root_sign_for_the_internet) {
  LocalCa ca = make();
  const NameConstraints constraints = NameConstraints::of(ca.root());
  EXPECT_TRUE(constraints.permits("localhost"));
  EXPECT_TRUE(constraints.permits("*.localhost"));
  EXPECT_TRUE(constraints.permits("192.168.1.20"));
  EXPECT_TRUE(constraints.permits("fd00::1"));
  EXPECT_FALSE(constraints.permits("example.com"));
  EXPECT_FALSE(constraints.permits("notlocalhost"));
  EXPECT_FALSE(constraints.permits("8.8.8.8"));
}

TEST_F(LocalCaTest, makes_one_further_root_for_other_names) {
  LocalCa ca = make();
  const std::vector<std::string> names{"shop.example.com", "localhost", "203.0.113.7"};
  const auto leaf = ca.issue(names, kNow);
  ASSERT_TRUE(leaf.has_value());
  ASSERT_EQ(ca.roots().size(), 2U);
  for (const auto& name : names) EXPECT_TRUE(verify(ca, *leaf, name).has_value()) << name;
  const NameConstraints constraints = NameConstraints::of(ca.roots()[1].certificate);
  EXPECT_FALSE(constraints.permits("example.com"));
  EXPECT_FALSE(constraints.permits("203.0.113.8"));
  ASSERT_TRUE(ca.issue(names, kNow).has_value());
  EXPECT_EQ(make().roots().size(), 2U);
}

// The constraint must be one that verifiers enforce, not only our own reading of it.
TEST_F(LocalCaTest, is_held_to_its_constraints_by_verifiers) {
  const PrivateKey key = PrivateKey::generate();
  auto text = os::read_file(make().roots().front().path, 65536);
  ASSERT_TRUE(text.has_value());
  auto pem = os::read_file(folder() + "/root.pem", 65536);
  auto root = read_credential({*pem, *pem, "", ""});
  ASSERT_TRUE(root.has_value());
  const std::vector<std::string> names{"example.com"};
  const Certificate stolen = make_leaf(root->leaf(), root->key,
                                       {.names = names,
                                        .public_key_info = key.public_key_info(),
                                        .validity = {.not_before = kNow, .not_after = kNow + 24h}});
  const std::vector<Certificate> trusted{root->leaf()};
  const std::vector<base::ByteView> chain{stolen.der()};
  EXPECT_FALSE(verify_server_chain(Roots::of(trusted), chain, "example.com", kNow + 1h).has_value());
}

TEST_F(LocalCaTest, refuses_names_that_are_none) {
  LocalCa ca = make();
  for (const char* name :
       {"", "a,IP:1.2.3.4", "a b", "*", "*.", ".test", "a..test", "a.test.", "caf\xc3\xa9.test", "a.*.test"}) {
    EXPECT_EQ(ca.issue(std::vector<std::string>{name}, kNow).error().code, kCannotIssue) << name;
  }
  EXPECT_EQ(ca.issue({}, kNow).error().code, kCannotIssue);
  EXPECT_EQ(ca.issue(std::vector<std::string>{std::string(64, 'a') + ".test"}, kNow).error().code, kCannotIssue);
}

TEST_F(LocalCaTest, refuses_an_expired_root_and_a_broken_file) {
  const auto end = make().root().not_after();
  EXPECT_EQ(LocalCa::open_or_create(folder(), end + 1s).error().code, kLocalCaUnusable);
  ASSERT_TRUE(os::write_file_atomically(folder() + "/root.pem", "nonsense", 0600).has_value());
  EXPECT_EQ(LocalCa::open_or_create(folder(), kNow).error().code, kLocalCaUnusable);
}

TEST_F(LocalCaTest, writes_the_public_copy_again_when_it_is_gone) {
  make();
  ASSERT_TRUE(os::remove_file(folder() + "/root.crt").has_value());
  make();
  EXPECT_TRUE(os::inspect(folder() + "/root.crt").has_value());
}

TEST_F(LocalCaTest, is_created_once_by_many_at_the_same_time) {
  std::vector<std::array<std::byte, 32>> seen(8);
  {
    std::vector<std::jthread> threads;
    for (auto& fingerprint : seen) {
      threads.emplace_back([&] { fingerprint = LocalCa::open_or_create(folder(), kNow)->root().fingerprint(); });
    }
  }
  for (const auto& fingerprint : seen) EXPECT_EQ(fingerprint, seen.front());
}

}  // namespace
}  // namespace gate::cert
