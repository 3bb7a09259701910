#include "http/hpack/encoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text.h"

namespace gate::http::hpack {
namespace {

std::string encoded(Encoder& encoder, const std::vector<Field>& lines) {
  std::vector<std::byte> room(Encoder::bound(lines));
  return std::string(base::as_text(std::span(room).first(encoder.encode(lines, room))));
}

const Field kOk{":status", "200", FieldId::kPseudoStatus};
const Field kSniff{"x-content-type-options", "nosniff", FieldId::kXContentTypeOptions};

TEST(HpackEncoder, says_what_is_known_by_its_number) {
  Encoder encoder;
  EXPECT_EQ(encoded(encoder, {kOk}), "\x88");
  EXPECT_EQ(encoded(encoder, {{":status", "418", FieldId::kPseudoStatus}}), std::string("\x08\x03") + "418");
}

TEST(HpackEncoder, says_what_a_site_repeats_once) {
  Encoder encoder;
  EXPECT_EQ(encoded(encoder, {kOk, kSniff}), std::string("\x88\x40\x16") + "x-content-type-options\x07nosniff");
  EXPECT_EQ(encoded(encoder, {kOk, kSniff}), "\x88\xbe");
  const Field html{"content-type", "text/html", FieldId::kContentType};
  EXPECT_EQ(encoded(encoder, {html}), std::string("\x5f\x09") + "text/html");
  EXPECT_EQ(encoded(encoder, {kSniff, html}), "\xbf\xbe");
}

TEST(HpackEncoder, keeps_what_changes_and_what_is_secret_out_of_the_table) {
  Encoder encoder;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(encoded(encoder, {{"etag", "\"1\"", FieldId::kETag}}), std::string("\x0f\x13\x03") + "\"1\"");
    EXPECT_EQ(encoded(encoder, {{"set-cookie", "a=1", FieldId::kSetCookie}}), std::string("\x1f\x28\x03") + "a=1");
    EXPECT_EQ(encoded(encoder, {{"x-own", "1"}}), std::string("\x00\x05x-own\x01", 8) + "1");
  }
}

TEST(HpackEncoder, tells_of_a_smaller_table_and_keeps_to_it) {
  Encoder encoder;
  encoded(encoder, {kSniff});
  encoder.limit_table(0);
  encoder.limit_table(100);
  EXPECT_EQ(encoded(encoder, {kOk}), "\x20\x3f\x45\x88") << "first the smallest, then the last";
  EXPECT_EQ(encoded(encoder, {kOk}), "\x88");
  EXPECT_EQ(encoded(encoder, {kSniff}).size(), 32u) << "it was forgotten";
  EXPECT_EQ(encoded(encoder, {kSniff}), "\xbe");
  encoder.limit_table(0);
  EXPECT_EQ(encoded(encoder, {kSniff}), "\x20\x40\x16x-content-type-options\x07nosniff");
  EXPECT_EQ(encoded(encoder, {kSniff}), "\x40\x16x-content-type-options\x07nosniff");
}

TEST(HpackEncoder, asks_for_no_larger_table_than_its_own) {
  Encoder encoder;
  encoder.limit_table(65'536);
  EXPECT_EQ(encoded(encoder, {kOk}), "\x88");
}

}  // namespace
}  // namespace gate::http::hpack
