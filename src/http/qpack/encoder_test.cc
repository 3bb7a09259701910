#include "http/qpack/encoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text.h"
#include "http/testing/octets.h"

namespace gate::http::qpack {
namespace {

using http::testing::octets;

std::string encoded(Encoder& encoder, const std::vector<Field>& lines) {
  std::vector<std::byte> room(Encoder::bound(lines));
  return std::string(base::as_text(std::span(room).first(encoder.encode(lines, room))));
}

std::string instructions(Encoder& encoder) {
  std::string bytes(base::as_text(encoder.instructions().view()));
  encoder.instructions().clear();
  return bytes;
}

hpack::Step acknowledge(Encoder& encoder, std::string_view hex) {
  const std::string bytes = octets(hex);
  base::ByteReader input(base::as_bytes(bytes));
  return encoder.acknowledge(input);
}

const Field kOk{":status", "200", FieldId::kPseudoStatus};
const Field kOwn{"server", "own", FieldId::kServer};
const std::string kOwnAsLiteral = octets("5f4d 03") + "own";

TEST(QpackEncoder, says_what_is_known_by_its_number) {
  Encoder encoder;
  EXPECT_EQ(encoded(encoder, {kOk, {"x-content-type-options", "nosniff", FieldId::kXContentTypeOptions}}),
            octets("0000 d9 fd"));
  EXPECT_EQ(encoded(encoder, {{":status", "500", FieldId::kPseudoStatus}}), octets("0000 ff08"));
  EXPECT_EQ(encoded(encoder, {{":status", "418", FieldId::kPseudoStatus}}), octets("0000 5f09 03") + "418");
}

TEST(QpackEncoder, refers_to_a_line_only_when_the_client_has_it) {
  Encoder encoder;
  encoder.allow_table(4096);
  EXPECT_EQ(instructions(encoder), octets("3fe11f"));
  EXPECT_EQ(encoded(encoder, {kOwn}), octets("0000") + kOwnAsLiteral);
  EXPECT_EQ(instructions(encoder), octets("ff1d 03") + "own");
  EXPECT_EQ(encoded(encoder, {kOwn}), octets("0000") + kOwnAsLiteral) << "it may not have come yet";
  EXPECT_EQ(instructions(encoder), "");
  EXPECT_EQ(acknowledge(encoder, "01"), hpack::Step::kNothing);
  EXPECT_EQ(encoded(encoder, {kOwn}), octets("0200 80"));
}

TEST(QpackEncoder, without_a_table_inserts_nothing) {
  Encoder encoder;
  EXPECT_EQ(encoded(encoder, {kOwn}), octets("0000") + kOwnAsLiteral);
  EXPECT_EQ(instructions(encoder), "");
}

TEST(QpackEncoder, takes_nothing_out_of_a_full_table) {
  Encoder encoder;
  encoder.allow_table(200);
  instructions(encoder);
  for (int i = 0; i < 10; ++i) encoded(encoder, {{"server", std::to_string(i), FieldId::kServer}});
  EXPECT_EQ(acknowledge(encoder, "05"), hpack::Step::kNothing) << "39 of 200 bytes each";
  EXPECT_EQ(acknowledge(encoder, "01"), hpack::Step::kMalformed);
  EXPECT_EQ(encoded(encoder, {{"server", "0", FieldId::kServer}}), octets("0204 84"));
}

TEST(QpackEncoder, believes_no_acknowledgement_of_what_was_never_said) {
  Encoder encoder;
  encoder.allow_table(4096);
  EXPECT_EQ(acknowledge(encoder, "00"), hpack::Step::kMalformed);
  EXPECT_EQ(acknowledge(encoder, "01"), hpack::Step::kMalformed);
  EXPECT_EQ(acknowledge(encoder, "84"), hpack::Step::kMalformed);
  EXPECT_EQ(acknowledge(encoder, "44"), hpack::Step::kNothing) << "a stream may be cancelled any time";
  encoded(encoder, {kOwn});
  acknowledge(encoder, "01");
  encoded(encoder, {kOwn});
  EXPECT_EQ(acknowledge(encoder, "84"), hpack::Step::kNothing);
  EXPECT_EQ(acknowledge(encoder, "84"), hpack::Step::kMalformed) << "once a section";
}

}  // namespace
}  // namespace gate::http::qpack
