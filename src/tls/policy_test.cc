#include "tls/policy.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace gate::tls {
namespace {

std::string golden(const std::string& name) {
  std::ifstream file(std::string(GATE_SOURCE_DIR) + "/tests/golden/tls_policy/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Policy, expands_to_the_golden_text) {
  EXPECT_EQ(expand({}), golden("default.txt"));
  EXPECT_EQ(expand({.version_min = kTls13}), golden("tls13_only.txt"));
  EXPECT_EQ(expand({.http2 = false}), golden("without_http2.txt"));
}

TEST(Facts, name_what_they_know_and_number_what_they_do_not) {
  EXPECT_EQ(version_name(0x0304), "TLSv1.3");
  EXPECT_EQ(version_name(0x1234), "0x1234");
  EXPECT_EQ(group_name(0x11ec), "X25519MLKEM768");
  EXPECT_EQ(suite_name(0x1303), "TLS_CHACHA20_POLY1305_SHA256");
  EXPECT_EQ(suite_name(0x00ff), "0x00ff");
  EXPECT_EQ(signature_name(0x0804), "rsa_pss_rsae_sha256");
}

}  // namespace
}  // namespace gate::tls
