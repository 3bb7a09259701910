#include "dns/https_record.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/text.h"
#include "dns/codes.h"
#include "dns/fake_server_for_test.h"
#include "dns/rdata.h"

namespace gate::dns {
namespace {

const Name kName = Name::parse("www.example.com").value();
const HttpsFacts kFacts{{"h3", "h2"}, "new key"};

Record standing(const ServiceBinding& binding, std::uint32_t ttl = 60) {
  return added(kName, Type::kHttps, ttl, binding_data(binding));
}

ServiceBinding own(std::string ech) {
  return {.priority = 1, .target = {}, .parameters = {{1, "\2h2"}, {4, "\xc0\0\2\1"}, {5, std::move(ech)}}};
}

ServiceBinding binding_of(const Record& record) { return binding_in(record).value_or(ServiceBinding{}); }

TEST(HttpsChanges, make_a_record_where_there_is_none) {
  const auto changes = https_changes(kName, {}, kFacts).value();
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0], removed_all(kName, Type::kHttps));
  EXPECT_EQ(changes[1].name, kName);
  EXPECT_GT(changes[1].ttl, 0U);
  const auto made = binding_of(changes[1]);
  EXPECT_EQ(made.priority, 1);
  EXPECT_TRUE(made.target.is_root());
  EXPECT_EQ(made.parameters.at(kAlpnParameter), "\2h3\2h2");
  EXPECT_EQ(made.parameters.at(kEchParameter), "new key");
}

TEST(HttpsChanges, keep_what_others_have_put_there) {
  const auto changes = https_changes(kName, {standing(own("old key"))}, kFacts).value();
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[1].ttl, 60U);
  EXPECT_EQ(binding_of(changes[1]).parameters, own("new key").parameters);
}

TEST(HttpsChanges, are_none_where_the_key_stands) {
  EXPECT_TRUE(https_changes(kName, {standing(own("new key"))}, kFacts).value().empty());
}

TEST(HttpsChanges, leave_services_at_other_names_alone) {
  const ServiceBinding other{
      .priority = 2, .target = Name::parse("cdn.example").value(), .parameters = {{5, "theirs"}}};
  const auto changes = https_changes(kName, {standing(own("old key")), standing(other)}, kFacts).value();
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(binding_of(changes[2]).parameters.at(kEchParameter), "theirs");
}

TEST(HttpsChanges, are_refused_where_all_lead_elsewhere) {
  const Name cdn = Name::parse("cdn.example").value();
  for (const ServiceBinding& binding : {ServiceBinding{.priority = 0, .target = cdn, .parameters = {}},
                                        ServiceBinding{.priority = 1, .target = cdn, .parameters = {}}}) {
    const auto changes = https_changes(kName, {standing(binding)}, kFacts);
    ASSERT_FALSE(changes.has_value());
    EXPECT_EQ(changes.error().code, kHttpsElsewhere);
  }
  EXPECT_FALSE(https_changes(kName, {added(kName, Type::kHttps, 60, "x")}, kFacts).has_value()) << "malformed";
}

// Resolver and primary in one.
class HttpsUpdateTest : public DnsTest {
 protected:
  Answers reply(base::ByteView asked) {
    const Message message = decode(asked).value();
    if (message.opcode == Opcode::kUpdate) {
      updates_.push_back(message);
      return {encode(answer_to(asked, {}, Rcode::kRefused))};
    }
    const auto& question = message.questions.front();
    if (question.type == Type::kHttps) return {encode(answer_to(asked, https_, looked_))};
    if (question.type == Type::kSoa && question.name == kZone)
      return {encode(
          answer_to(asked, {added(kZone, Type::kSoa, 60, kZone.wire() + kZone.wire() + std::string(20, '\1'))}))};
    if (question.type == Type::kNs) return {encode(answer_to(asked, {added(kZone, Type::kNs, 60, kServer.wire())}))};
    if (question.type == Type::kA)
      return {
          encode(answer_to(asked, {added(kServer, Type::kA, 60, address_data(*base::IpAddress::parse("192.0.2.1")))}))};
    return {encode(answer_to(asked))};
  }

  base::Result<> run() {
    std::optional<base::Result<>> outcome;
    HttpsUpdate update(context_, {server_.endpoint()});
    update.start(kName, kFacts, server_.endpoint(), kKey, [&](const base::Result<>& result) { outcome = result; });
    return wait_for(outcome);
  }

  const Name kZone = Name::parse("example.com").value();
  const Name kServer = Name::parse("ns.example.com").value();
  const TsigKey kKey{Name::parse("key").value(), TsigAlgorithm::kHmacSha256, std::string(32, 's')};
  std::vector<Record> https_;
  Rcode looked_ = Rcode::kNoError;
  std::vector<Message> updates_;
  FakeServer server_{*loop_, [this](base::ByteView asked, bool) { return reply(asked); }};
};

TEST_F(HttpsUpdateTest, changes_the_zone_by_an_update_and_says_what_became_of_it) {
  const auto result = run();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, kUpdateRefused) << render(result.error());
  ASSERT_EQ(updates_.size(), 1U);
  EXPECT_EQ(updates_[0].questions.front().name, kZone);
  EXPECT_EQ(updates_[0].authorities.size(), 2U);
}

TEST_F(HttpsUpdateTest, changes_nothing_where_the_key_stands) {
  https_ = {standing(own("new key"))};
  EXPECT_TRUE(run().has_value());
  EXPECT_TRUE(updates_.empty());
}

TEST_F(HttpsUpdateTest, takes_a_name_that_is_not_there_for_one_without_records) {
  looked_ = Rcode::kNoSuchName;
  EXPECT_FALSE(run().has_value());
  EXPECT_EQ(updates_.size(), 1U);
}

TEST_F(HttpsUpdateTest, changes_nothing_that_it_could_not_look_at) {
  looked_ = Rcode::kServerFailure;
  EXPECT_EQ(run().error().code, kServerRefuses);
  EXPECT_TRUE(updates_.empty());
}

}  // namespace
}  // namespace gate::dns
