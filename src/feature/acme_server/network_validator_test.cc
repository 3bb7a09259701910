#include "feature/acme_server/network_validator.h"

#include <gtest/gtest.h>

namespace gate::acme_server {
namespace {

bool asks(const AcmeServerSettings& settings, const char* address) {
  return !permitted(settings, {{*base::IpAddress::parse(address), 80}}).empty();
}

TEST(NetworkValidator, asks_neither_this_machine_nor_its_links_by_itself) {
  const AcmeServerSettings settings;
  for (const char* address : {"127.0.0.1", "127.8.8.8", "::1", "169.254.169.254", "fe80::1", "0.0.0.0",
                              "::", "224.0.0.1", "255.255.255.255", "ff02::1"}) {
    EXPECT_FALSE(asks(settings, address)) << address;
  }
  for (const char* address : {"10.0.0.1", "192.168.1.2", "fd00::1", "203.0.113.7", "2001:db8::1"}) {
    EXPECT_TRUE(asks(settings, address)) << address;
  }
}

TEST(NetworkValidator, asks_nobody_but_those_it_is_told) {
  const AcmeServerSettings settings{.validate = {*base::Cidr::parse("192.168.1.0/24")}};
  EXPECT_TRUE(asks(settings, "192.168.1.2"));
  EXPECT_FALSE(asks(settings, "192.168.2.2"));
  EXPECT_FALSE(asks(settings, "10.0.0.1"));
  EXPECT_FALSE(asks(settings, "127.0.0.1"));
}

}  // namespace
}  // namespace gate::acme_server
