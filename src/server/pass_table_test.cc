#include "server/pass_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"

namespace gate::server {
namespace {

std::shared_ptr<const PassPlan> plan(std::vector<std::string> names, std::vector<std::string> alpn = {}) {
  PassPlan plan;
  plan.names = std::move(names);
  plan.alpn = std::move(alpn);
  return std::make_shared<const PassPlan>(std::move(plan));
}

// The first name of the statement that takes such a connection.
std::string taker(const PassTable& table, std::string_view name, std::string_view protocols = {}) {
  tls::ClientHello hello;
  hello.server_name = name;
  hello.alpn_protocols = base::as_bytes(protocols);
  const auto* found = table.find(hello);
  return found ? (*found)->names.front() : "(none)";
}

TEST(PassTable, finds_names_and_wildcards_of_one_label) {
  const PassTable table({plan({"a.test", "*.b.test"}), plan({"c.test"})});
  EXPECT_EQ(taker(table, "A.test"), "a.test");
  EXPECT_EQ(taker(table, "x.b.test"), "a.test");
  EXPECT_EQ(taker(table, "c.test"), "c.test");
  EXPECT_EQ(taker(table, "b.test"), "(none)");
  EXPECT_EQ(taker(table, "x.x.b.test"), "(none)");
  EXPECT_EQ(taker(table, ""), "(none)");
}

TEST(PassTable, looks_at_the_protocols_where_it_is_to) {
  const PassTable table({plan({"a.test"}, {"xmpp-client", "acme-tls/1"})});
  EXPECT_EQ(taker(table, "a.test",
                  "\x02h2\x0a"
                  "acme-tls/1"),
            "a.test");
  EXPECT_EQ(taker(table, "a.test", "\x02h2\x08http/1.1"), "(none)");
  EXPECT_EQ(taker(table, "a.test"), "(none)");
}

}  // namespace
}  // namespace gate::server
