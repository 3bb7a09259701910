#include "http/trusted_proxies.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>

#include "http/testing/fake_exchange.h"

namespace gate::http {
namespace {

using testing::FakeExchange;
using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

TrustedProxies trusting(std::initializer_list<std::string_view> blocks,
                        TrustedProxies::By by = TrustedProxies::By::kEither) {
  TrustedProxies trusted{.blocks = {}, .by = by};
  for (const auto block : blocks) trusted.blocks.push_back(base::Cidr::parse(block).value());
  return trusted;
}

// A request that comes from 10.0.0.9.
class Request {
 public:
  explicit Request(Fields fields, const TrustedProxies& trusted = trusting({"10.0.0.0/8", "fd00::/8"})) {
    for (const auto& [name, value] : fields) fake_.add(name, value);
    consistent_ = find_client(trusted, fake_.exchange());
  }

  bool consistent() const { return consistent_; }
  std::string client() { return fake_.exchange().client_address().to_string(); }
  std::string_view scheme() { return fake_.exchange().client_scheme(); }
  Exchange& exchange() { return fake_.exchange(); }

 private:
  FakeExchange fake_{{.secure = false, .peer = "10.0.0.9"}};
  bool consistent_ = false;
};

std::string client_by_x(std::string_view value) { return Request({{"x-forwarded-for", value}}).client(); }
std::string client_by_forwarded(std::string_view value) { return Request({{"forwarded", value}}).client(); }

TEST(TrustedProxies, name_the_client) {
  EXPECT_EQ(client_by_x("203.0.113.5"), "203.0.113.5");
  EXPECT_EQ(client_by_forwarded("for=203.0.113.5"), "203.0.113.5");
}

TEST(TrustedProxies, are_the_client_where_they_name_none) { EXPECT_EQ(Request({}).client(), "10.0.0.9"); }

TEST(TrustedProxies, are_only_believed_when_they_are_the_peer) {
  Request request({{"x-forwarded-for", "203.0.113.5"}, {"forwarded", "for=203.0.113.6"}}, trusting({"192.0.2.0/24"}));
  EXPECT_TRUE(request.consistent());
  EXPECT_EQ(request.client(), "10.0.0.9");
  EXPECT_EQ(request.exchange().client().port, 50'000);
}

TEST(TrustedProxies, are_passed_over_up_to_the_first_stranger_from_the_right) {
  EXPECT_EQ(client_by_x("127.0.0.1, 203.0.113.5, 10.0.0.1,10.0.0.2"), "203.0.113.5");
  EXPECT_EQ(client_by_forwarded("for=127.0.0.1, for=203.0.113.5, for=10.0.0.1"), "203.0.113.5");
}

TEST(TrustedProxies, may_also_be_where_a_request_begins) { EXPECT_EQ(client_by_x("10.0.0.1, 10.0.0.2"), "10.0.0.1"); }

TEST(TrustedProxies, are_kept_as_the_way_of_the_request) {
  Request request({{"x-forwarded-for", "203.0.113.5, 10.0.0.1, fd00::2"}});
  ASSERT_TRUE(request.exchange().client_path);
  const auto hops = request.exchange().client_path->hops;
  ASSERT_EQ(hops.size(), 3U);
  EXPECT_EQ(hops[1].to_string(), "10.0.0.1");
  EXPECT_EQ(hops[2].to_string(), "fd00::2");
  EXPECT_EQ(request.exchange().client().port, 0);
}

TEST(TrustedProxies, may_write_several_lines_and_empty_elements) {
  EXPECT_EQ(Request({{"x-forwarded-for", "198.51.100.1"}, {"x-forwarded-for", " ,203.0.113.5, ,"}}).client(),
            "203.0.113.5");
  EXPECT_EQ(Request({{"x-forwarded-for", "203.0.113.5"}, {"x-forwarded-for", "10.0.0.1"}}).client(), "203.0.113.5");
}

TEST(TrustedProxies, may_name_ports) {
  EXPECT_EQ(client_by_x("203.0.113.5:4711"), "203.0.113.5");
  EXPECT_EQ(client_by_x("[2001:db8::1]:4711"), "2001:db8::1");
  EXPECT_EQ(client_by_x("2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(client_by_forwarded(R"(for="[2001:db8::1]:4711")"), "2001:db8::1");
}

TEST(TrustedProxies, may_write_forwarded_in_every_way_of_its_grammar) {
  EXPECT_EQ(client_by_forwarded(R"(by=10.0.0.9; FOR = "203.0.113.5" ;Proto=https)"), "203.0.113.5");
  EXPECT_EQ(client_by_forwarded(R"(for=198.51.100.1, host="a,b";for=203.0.113.5)"), "203.0.113.5");
}

TEST(TrustedProxies, are_the_client_where_what_they_say_cannot_be_read) {
  for (const auto* value :
       {"unknown", "_hidden", "203.0.113", "203.0.113.5 10.0.0.1", "\"203.0.113.5\"", "fe80::1%lo"}) {
    EXPECT_EQ(client_by_x(value), "10.0.0.9") << value;
  }
  for (const auto* value : {"for=unknown", "for=_hidden", "203.0.113.5", "for=203.0.113.5;for=203.0.113.6",
                            "for=\"203.0.113.5", "for=\"203\\.0.113.5\"", "proto=https", "for=\""}) {
    EXPECT_EQ(client_by_forwarded(value), "10.0.0.9") << value;
  }
}

TEST(TrustedProxies, are_not_misled_by_a_quote_the_client_has_left_open) {
  EXPECT_EQ(client_by_forwarded("for=\"127.0.0.1, for=203.0.113.5"), "203.0.113.5");
  EXPECT_EQ(client_by_forwarded("host=\", for=203.0.113.5;host=\"x\""), "203.0.113.5");
}

TEST(TrustedProxies, are_not_believed_in_longer_rows_than_there_are) {
  std::string row = "203.0.113.5";
  for (int i = 0; i < 15; ++i) row += ", 10.0.0.1";
  EXPECT_EQ(client_by_x(row), "203.0.113.5");
  EXPECT_EQ(client_by_x(row + ", 10.0.0.1"), "10.0.0.9");
}

TEST(TrustedProxies, may_name_the_client_in_both_fields_if_it_is_the_same) {
  EXPECT_EQ(Request({{"x-forwarded-for", "203.0.113.5"}, {"forwarded", "for=203.0.113.5"}}).client(), "203.0.113.5");
}

TEST(TrustedProxies, contradict_themselves_where_one_field_is_the_clients_own) {
  EXPECT_FALSE(Request({{"x-forwarded-for", "203.0.113.5"}, {"forwarded", "for=127.0.0.1"}}).consistent());
  EXPECT_FALSE(Request({{"x-forwarded-for", "203.0.113.5"}, {"forwarded", "for=unknown"}}).consistent());
}

TEST(TrustedProxies, are_heard_in_one_field_only_where_that_is_said) {
  const Fields both = {{"x-forwarded-for", "203.0.113.5"}, {"forwarded", "for=198.51.100.1"}};
  EXPECT_EQ(Request(both, trusting({"10.0.0.0/8"}, TrustedProxies::By::kXForwardedFor)).client(), "203.0.113.5");
  EXPECT_EQ(Request(both, trusting({"10.0.0.0/8"}, TrustedProxies::By::kForwarded)).client(), "198.51.100.1");
}

TEST(TrustedProxies, say_how_the_client_speaks) {
  EXPECT_EQ(Request({{"x-forwarded-for", "203.0.113.5"}, {"x-forwarded-proto", "HTTPS"}}).scheme(), "https");
  EXPECT_EQ(Request({{"forwarded", "for=203.0.113.5;proto=https, for=10.0.0.1;proto=http"}}).scheme(), "https");
  EXPECT_EQ(Request({{"x-forwarded-for", "203.0.113.5"}, {"x-forwarded-proto", "gopher"}}).scheme(), "http");
  EXPECT_EQ(Request({{"x-forwarded-proto", "https"}}).scheme(), "http") << "nobody has said who the client is";
}

}  // namespace
}  // namespace gate::http
