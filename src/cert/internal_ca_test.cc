#include "cert/internal_ca.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "base/check.h"
#include "base/text.h"
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

NameConstraints home() {
  NameConstraints constraints{.mail = true};
  EXPECT_TRUE(constraints.permit_domain_or_block("example.com"));
  EXPECT_TRUE(constraints.permit_domain_or_block("192.168.0.0/16"));
  return constraints;
}

class InternalCaTest : public testing::Test {
 protected:
  InternalCa make(std::optional<NameConstraints> constraints = home(), const std::string& url = "") const {
    auto ca = InternalCa::create(
        state(), {.name = "Example internal CA", .constraints = std::move(constraints), .url = url}, kNow);
    GATE_CHECK(ca.has_value());
    return *std::move(ca);
  }
  InternalCa open() const {
    auto ca = InternalCa::open(state(), kNow);
    GATE_CHECK(ca.has_value());
    return *std::move(ca);
  }
  std::string state() const { return temporary_.path("state"); }
  std::string folder() const { return InternalCa::folder_in(state()); }

  static InternalCa::Order server(std::vector<std::string> names) {
    return {.names = std::move(names),
            .public_key_info = PrivateKey::generate().public_key_info(),
            .lifetime = 24h,
            .origin = "command"};
  }
  static InternalCa::Order client(const std::string& name) {
    return {.purpose = Purpose::kClient,
            .common_name = name,
            .public_key_info = PrivateKey::generate().public_key_info(),
            .lifetime = 24h,
            .origin = "command"};
  }
  static Certificate issue(InternalCa& ca, const InternalCa::Order& order) {
    auto leaf = ca.issue(order, kNow);
    GATE_CHECK(leaf.has_value());
    return *std::move(leaf);
  }

  os::TemporaryFolder temporary_;
};

TEST_F(InternalCaTest, issues_certificates_that_clients_accept) {
  InternalCa ca = make();
  const Certificate leaf = issue(ca, server({"app.example.com", "192.168.1.2"}));
  const std::vector<Certificate> trusted{ca.root()};
  const std::vector<base::ByteView> chain{leaf.der()};
  for (const char* name : {"app.example.com", "192.168.1.2"}) {
    const auto verified = verify_server_chain(Roots::of(trusted), chain, name, kNow + 1h);
    EXPECT_TRUE(verified.has_value()) << name << ": " << verified.error().why;
  }
}

TEST_F(InternalCaTest, writes_down_what_it_issues_before_it_is_handed_out) {
  InternalCa ca = make();
  const Certificate leaf = issue(ca, client("Ann Example"));
  const InternalCa other = open();
  const IssuedRecord* record = other.find(leaf.serial());
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->purpose, Purpose::kClient);
  EXPECT_EQ(record->names, std::vector<std::string>{"Ann Example"});
  EXPECT_EQ(record->until, leaf.not_after());
  EXPECT_EQ(record->sha256, base::to_hex(leaf.fingerprint()));
  EXPECT_EQ(record->origin, "command");
}

TEST_F(InternalCaTest, signs_only_for_what_its_root_permits) {
  InternalCa ca = make();
  EXPECT_TRUE(ca.check(server({"*.example.com"})).has_value());
  for (const char* name : {"example.org", "8.8.8.8", "notexample.com"}) {
    EXPECT_EQ(ca.check(server({name})).error().code, kNotPermitted) << name;
  }
  auto mail = client("Ann");
  mail.mail_addresses = {"ann@example.com", "ann@mail.example.com"};
  EXPECT_TRUE(ca.check(mail).has_value());
  mail.mail_addresses = {"ann@example.org"};
  EXPECT_EQ(ca.check(mail).error().code, kNotPermitted);
}

TEST_F(InternalCaTest, refuses_orders_that_name_nothing) {
  InternalCa ca = make(std::nullopt);
  EXPECT_EQ(ca.check(server({})).error().code, kCannotIssue);
  for (const char* name : {"", "a b", "a.example.com.", "a,IP:1.2.3.4"}) {
    EXPECT_EQ(ca.check(server({name})).error().code, kCannotIssue) << name;
  }
  EXPECT_EQ(ca.check(client("")).error().code, kCannotIssue);
  EXPECT_EQ(ca.check(client("a\tb")).error().code, kCannotIssue);
  EXPECT_EQ(ca.check(client(std::string(65, 'a'))).error().code, kCannotIssue);
  auto mail = client("Ann");
  for (const char* address :
       {"ann", "@example.com", "a b@example.com", "ann@", "ann@*.example.com", "a,b@example.com"}) {
    mail.mail_addresses = {address};
    EXPECT_EQ(ca.check(mail).error().code, kCannotIssue) << address;
  }
}

// Verifiers must hold a stolen root to its constraints, for kinds of names that it has none of, too.
TEST_F(InternalCaTest, is_held_to_its_constraints_by_verifiers) {
  const auto accepted = [](const NameConstraints& constraints, const std::string& name) {
    const PrivateKey key = PrivateKey::generate();
    const Certificate root = make_root(key, {.common_name = "root"}, &constraints, {kNow, kNow + 48h});
    const std::vector<std::string> names{name};
    const Certificate leaf = make_leaf(root, key,
                                       {.names = names,
                                        .public_key_info = PrivateKey::generate().public_key_info(),
                                        .validity = {.not_before = kNow, .not_after = kNow + 24h}});
    const std::vector<Certificate> trusted{root};
    const std::vector<base::ByteView> chain{leaf.der()};
    return verify_server_chain(Roots::of(trusted), chain, name, kNow + 1h).has_value();
  };
  NameConstraints domains{.mail = true};
  domains.permit_domain_or_block("example.com");
  EXPECT_TRUE(accepted(domains, "a.example.com"));
  EXPECT_FALSE(accepted(domains, "example.org"));
  EXPECT_FALSE(accepted(domains, "10.0.0.1"));
  EXPECT_FALSE(accepted(domains, "fd00::1"));
  NameConstraints blocks;
  blocks.permit_domain_or_block("10.0.0.0/8");
  EXPECT_TRUE(accepted(blocks, "10.0.0.1"));
  EXPECT_FALSE(accepted(blocks, "fd00::1"));
  EXPECT_FALSE(accepted(blocks, "example.com"));
}

TEST_F(InternalCaTest, remembers_what_it_may_sign_for) {
  make();
  const auto constraints = open().constraints();
  ASSERT_TRUE(constraints.has_value());
  EXPECT_EQ(constraints->domains, std::vector<std::string>{"example.com"});
  EXPECT_EQ(constraints->blocks, std::vector<std::string>{"192.168.0.0/16"});
  EXPECT_TRUE(constraints->mail);
}

TEST_F(InternalCaTest, may_be_made_without_constraints) {
  make(std::nullopt);
  EXPECT_FALSE(open().constraints().has_value());
  InternalCa ca = open();
  EXPECT_TRUE(ca.issue(server({"example.org"}), kNow).has_value());
}

TEST_F(InternalCaTest, is_never_made_twice) {
  const auto fingerprint = make().root().fingerprint();
  EXPECT_EQ(InternalCa::create(state(), {.name = "Other"}, kNow).error().code, kInternalCaExists);
  EXPECT_EQ(open().root().fingerprint(), fingerprint);
}

TEST_F(InternalCaTest, opens_nothing_where_there_is_none) {
  EXPECT_FALSE(InternalCa::exists(state()));
  EXPECT_EQ(InternalCa::open(state(), kNow).error().code, kNoInternalCa);
  EXPECT_FALSE(std::filesystem::exists(state()));
}

TEST_F(InternalCaTest, keeps_its_key_from_others) {
  make();
  EXPECT_EQ(os::inspect(folder() + "/authority.pem")->mode, 0600U);
  EXPECT_EQ(os::inspect(folder() + "/issued").has_value(), false);
  ASSERT_EQ(::chmod((folder() + "/authority.pem").c_str(), 0644), 0);
  EXPECT_EQ(InternalCa::open(state(), kNow).error().code, os::kUnsafeFileMode);
}

TEST_F(InternalCaTest, revokes_by_a_list_that_names_the_certificate) {
  InternalCa ca = make();
  const auto before = ca.published_list();
  ASSERT_TRUE(before.has_value());
  EXPECT_TRUE(before->serials.empty());
  const Certificate leaf = issue(ca, server({"a.example.com"}));
  const Certificate other = issue(ca, server({"b.example.com"}));
  ASSERT_TRUE(ca.revoke(leaf.serial(), RevocationReason::kKeyCompromise, kNow + 1h).has_value());
  const auto after = ca.published_list();
  ASSERT_TRUE(after.has_value());
  EXPECT_EQ(after->serials, std::set<std::string>{leaf.serial()});
  EXPECT_GT(after->number, before->number);
  EXPECT_EQ(after->next_update, kNow + 1h + InternalCa::kListLifetime);
  EXPECT_EQ(open().find(leaf.serial())->revocation->reason, RevocationReason::kKeyCompromise);
  EXPECT_FALSE(open().find(other.serial())->revocation.has_value());
}

TEST_F(InternalCaTest, revokes_once_and_only_what_it_has_issued) {
  InternalCa ca = make();
  const Certificate leaf = issue(ca, server({"a.example.com"}));
  ASSERT_TRUE(ca.revoke(leaf.serial(), RevocationReason::kUnspecified, kNow).has_value());
  EXPECT_EQ(ca.revoke(leaf.serial(), RevocationReason::kUnspecified, kNow).error().code, kAlreadyRevoked);
  EXPECT_EQ(ca.revoke("abc123", RevocationReason::kUnspecified, kNow).error().code, kUnknownSerial);
}

TEST_F(InternalCaTest, signs_the_list_anew_when_half_of_its_time_is_over) {
  InternalCa ca = make();
  const auto first = ca.published_list()->number;
  ASSERT_TRUE(ca.refresh_list(kNow + 24h).has_value());
  EXPECT_EQ(ca.published_list()->number, first);
  ASSERT_TRUE(ca.refresh_list(kNow + 4 * 24h).has_value());
  EXPECT_GT(ca.published_list()->number, first);
  EXPECT_EQ(ca.published_list()->next_update, kNow + 11 * 24h);
}

TEST_F(InternalCaTest, signs_a_list_anew_that_is_gone_or_lacks_a_certificate) {
  InternalCa ca = make();
  const Certificate leaf = issue(ca, server({"a.example.com"}));
  const auto list = os::read_file(ca.list_path(), 65536);
  ASSERT_TRUE(ca.revoke(leaf.serial(), RevocationReason::kUnspecified, kNow).has_value());
  // A process that was killed between the two writes of a revocation.
  ASSERT_TRUE(os::write_file_atomically(ca.list_path(), *list, 0644).has_value());
  ASSERT_TRUE(ca.refresh_list(kNow).has_value());
  EXPECT_TRUE(ca.published_list()->serials.contains(leaf.serial()));
  ASSERT_TRUE(os::remove_file(ca.list_path()).has_value());
  ASSERT_TRUE(ca.refresh_list(kNow).has_value());
  EXPECT_TRUE(ca.published_list()->serials.contains(leaf.serial()));
}

TEST_F(InternalCaTest, keeps_ended_certificates_on_one_list_more) {
  InternalCa ca = make();
  const Certificate leaf = issue(ca, server({"a.example.com"}));
  ASSERT_TRUE(ca.revoke(leaf.serial(), RevocationReason::kUnspecified, kNow).has_value());
  ASSERT_TRUE(ca.refresh_list(leaf.not_after() + 6 * 24h).has_value());
  EXPECT_TRUE(ca.published_list()->serials.contains(leaf.serial()));
  ASSERT_TRUE(ca.refresh_list(leaf.not_after() + 20 * 24h).has_value());
  EXPECT_FALSE(ca.published_list()->serials.contains(leaf.serial()));
}

TEST_F(InternalCaTest, sees_what_other_processes_issue) {
  InternalCa first = make();
  InternalCa second = open();
  const Certificate a = issue(first, server({"a.example.com"}));
  const Certificate b = issue(second, server({"b.example.com"}));
  EXPECT_NE(second.find(a.serial()), nullptr);
  ASSERT_TRUE(first.refresh().has_value());
  EXPECT_NE(first.find(b.serial()), nullptr);
}

TEST_F(InternalCaTest, loses_nothing_when_many_issue_at_once) {
  make();
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 10;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        InternalCa ca = open();
        for (std::size_t n = 0; n < kEach; ++n) issue(ca, server({"a.example.com"}));
      });
    }
  }
  EXPECT_EQ(open().issued().size(), kThreads * kEach);
}

TEST_F(InternalCaTest, names_the_published_list_in_certificates) {
  InternalCa ca = make(home(), "http://pki.example.com/ca");
  const Certificate leaf = issue(ca, server({"a.example.com"}));
  EXPECT_NE(base::as_text(leaf.der()).find("http://pki.example.com/ca/revoked.crl"), std::string_view::npos);
  ASSERT_TRUE(ca.set_url("").has_value());
  EXPECT_EQ(open().url(), "");
  EXPECT_EQ(base::as_text(issue(ca, server({"a.example.com"})).der()).find("revoked.crl"), std::string_view::npos);
}

TEST_F(InternalCaTest, issues_nothing_once_its_root_has_ended) {
  InternalCa ca = make();
  EXPECT_EQ(ca.issue(server({"a.example.com"}), ca.root().not_after() + 1s).error().code, kInternalCaUnusable);
  const auto late = ca.issue(server({"a.example.com"}), ca.root().not_after() - 1h);
  ASSERT_TRUE(late.has_value());
  EXPECT_EQ(late->not_after(), ca.root().not_after());
}

}  // namespace
}  // namespace gate::cert
