#include "dns/propagation.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "dns/codes.h"
#include "dns/fake_server_for_test.h"
#include "dns/rdata.h"

namespace gate::dns {
namespace {

using namespace std::chrono_literals;

const Name kName = Name::parse("_acme-challenge.example.com").value();

class PropagationTest : public DnsTest {
 protected:
  base::Result<> wait(const std::vector<NameServer>& servers, base::Duration patience = 60s) {
    std::optional<base::Result<>> outcome;
    Propagation propagation(context_);
    propagation.start({kName, kName.parent(), servers}, "value", patience,
                      [&](base::Result<> result) { outcome = std::move(result); });
    return wait_for(outcome);
  }

  static NameServer named(std::string_view name, const FakeServer& server) {
    return {Name::parse(name).value(), {server.endpoint()}};
  }

  static Answers texts(base::ByteView asked, const std::vector<std::string>& values) {
    std::vector<Record> records;
    for (const auto& value : values) records.push_back({kName, Type::kTxt, Class::kInternet, 60, text_data(value)});
    return {encode(answer_to(asked, records))};
  }
};

TEST_F(PropagationTest, ends_when_all_servers_show_the_text) {
  FakeServer one(*loop_, [&](base::ByteView asked, bool) { return texts(asked, {"other", "value"}); });
  int looks = 0;
  FakeServer two(*loop_,
                 [&](base::ByteView asked, bool) { return ++looks < 4 ? texts(asked, {}) : texts(asked, {"value"}); });
  const auto outcome = wait({named("ns1.example.com", one), named("ns2.example.com", two)});
  EXPECT_TRUE(outcome.has_value());
  EXPECT_EQ(looks, 4);
}

TEST_F(PropagationTest, says_which_server_showed_what) {
  FakeServer good(*loop_, [&](base::ByteView asked, bool) { return texts(asked, {"value"}); });
  FakeServer late(*loop_, [&](base::ByteView asked, bool) { return texts(asked, {"old\x1b"}); });
  FakeServer empty(
      *loop_, [&](base::ByteView asked, bool) { return Answers{encode(answer_to(asked, {}, Rcode::kNoSuchName))}; });
  FakeServer lame(*loop_,
                  [&](base::ByteView asked, bool) { return Answers{encode(answer_to(asked, {}, Rcode::kRefused))}; });
  const auto outcome = wait({named("good.example.com", good), named("late.example.com", late),
                             named("empty.example.com", empty), named("lame.example.com", lame)},
                            10s);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, kNotPropagated);
  EXPECT_EQ(outcome.error().what,
            "3 of 4 name servers of example.com do not show the TXT record _acme-challenge.example.com after 10 s");
  EXPECT_EQ(outcome.error().why,
            "good.example.com: shows it; late.example.com: \"old?\"; empty.example.com: no such record; "
            "lame.example.com: REFUSED");
}

TEST_F(PropagationTest, asks_less_and_less_often) {
  int looks = 0;
  FakeServer never(*loop_, [&](base::ByteView asked, bool) {
    ++looks;
    return texts(asked, {});
  });
  EXPECT_FALSE(wait({named("ns.example.com", never)}, 120s).has_value());
  // After 1, 3, 7, 15, 30, 45, … seconds.
  EXPECT_LE(looks, 12);
  EXPECT_GE(looks, 8);
}

}  // namespace
}  // namespace gate::dns
