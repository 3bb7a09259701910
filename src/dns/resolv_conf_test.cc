#include "dns/resolv_conf.h"

#include <gtest/gtest.h>

namespace gate::dns {
namespace {

std::vector<base::Endpoint> endpoints(std::initializer_list<std::string_view> texts) {
  std::vector<base::Endpoint> endpoints;
  for (const auto text : texts) endpoints.push_back(base::Endpoint::parse(text).value());
  return endpoints;
}

TEST(ResolvConf, names_resolvers) {
  EXPECT_EQ(
      resolvers_in("# made by hand\nsearch example.com\nnameserver 192.0.2.1\nnameserver\t2001:db8::1 # second\r\n"),
      endpoints({"192.0.2.1:53", "[2001:db8::1]:53"}));
}

TEST(ResolvConf, counts_three_at_most) {
  EXPECT_EQ(
      resolvers_in("nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n").size(),
      3U);
}

TEST(ResolvConf, means_this_machine_where_it_names_none) {
  EXPECT_EQ(resolvers_in(""), endpoints({"127.0.0.1:53"}));
  EXPECT_EQ(resolvers_in("nameserver fe80::1%eth0\nnameservers 192.0.2.1\n"), endpoints({"127.0.0.1:53"}));
}

}  // namespace
}  // namespace gate::dns
