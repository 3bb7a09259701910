#include "dns/message.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"
#include "dns/rdata.h"

namespace gate::dns {
namespace {

using namespace std::string_literals;

Name name(std::string_view text) { return Name::parse(text).value(); }

std::optional<Message> decoded(std::string_view bytes) { return decode(base::as_bytes(bytes)); }

// Of a response with one question and the given counts behind it.
std::string head(char answers, char additionals = 0) {
  return "\x12\x34\x84\x00\x00\x01\x00"s + answers + "\x00\x00\x00"s + additionals + "\7example\3com\0\0\x10\0\x01"s;
}

TEST(Message, survives_being_written_and_read) {
  Message message;
  message.id = 4711;
  message.recursion_desired = true;
  message.questions = {{name("Example.com"), Type::kTxt}};
  message.answers = {{name("example.com"), Type::kTxt, Class::kInternet, 60, text_data("value")}};
  message.authorities = {{name("example.com"), Type::kNs, Class::kInternet, 60, name("ns.example.com").wire()}};
  message.edns = Edns{.udp_bytes = 1400, .dnssec_ok = true};
  const auto read = decoded(encode(message));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->id, 4711);
  EXPECT_TRUE(read->recursion_desired);
  EXPECT_FALSE(read->response);
  EXPECT_EQ(read->questions, message.questions);
  EXPECT_EQ(read->answers, message.answers);
  EXPECT_EQ(read->authorities, message.authorities);
  EXPECT_EQ(read->edns->udp_bytes, 1400);
  EXPECT_TRUE(read->edns->dnssec_ok);
}

TEST(Message, follows_compression_in_owners_and_in_data) {
  // The owner points to the question, the data to a label within it.
  const auto read = decoded(head(1) + "\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x06\x03www\xc0\x0c"s);
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->response);
  EXPECT_TRUE(read->authoritative);
  EXPECT_EQ(read->answers[0].name.to_string(), "example.com");
  EXPECT_EQ(name_in(read->answers[0])->to_string(), "www.example.com");
}

TEST(Message, rejects_compression_that_points_to_itself_or_forward) {
  EXPECT_FALSE(decoded(head(1) + "\xc0\x1d\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01"s));
  EXPECT_FALSE(decoded(head(1) + "\xc0\x20\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01"s));
  EXPECT_TRUE(decoded(head(1) + "\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01"s));
}

TEST(Message, rejects_names_that_compression_makes_too_long) {
  // Each name is a label of 63 in front of the one before: the fourth passes 255 bytes.
  std::string bytes = "\0\0\x80\0\0\x01\0\x03\0\0\0\0"s;
  const std::string label = "\x3f"s + std::string(63, 'a');
  std::size_t before = bytes.size();
  bytes += label + label + "\0\0\x01\0\x01"s;
  for (int i = 0; i < 3; ++i) {
    const std::size_t here = bytes.size();
    bytes += label + '\xc0' + static_cast<char>(before) + "\0\x01\0\x01\0\0\0\0\0\0"s;
    before = here;
  }
  // 2 × 64 + 1 bytes, then 193, then 257.
  EXPECT_FALSE(decoded(bytes));
}

TEST(Message, rejects_what_is_cut_anywhere_and_what_is_left_over) {
  const std::string whole =
      head(1) +
      "\xc0\x0c\0\x06\0\x01\0\0\0\x3c\0\x18\xc0\x0c\xc0\x0c\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\0\0\0\x05"s;
  ASSERT_TRUE(decoded(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(decoded(whole.substr(0, size))) << size;
  EXPECT_FALSE(decoded(whole + '\0'));
}

TEST(Message, puts_the_upper_bits_of_the_result_together) {
  const auto read = decoded(head(0, 1) + "\0\0\x29\x04\xd0\x01\0\0\0\0\0"s);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->rcode, Rcode::kBadSignature);
}

TEST(Message, rejects_a_second_size_of_datagrams) {
  const std::string edns = "\0\0\x29\x04\xd0\0\0\0\0\0\0"s;
  EXPECT_TRUE(decoded(head(0, 1) + edns));
  EXPECT_FALSE(decoded(head(0, 2) + edns + edns));
}

TEST(Message, rejects_a_signature_that_is_not_the_last) {
  const std::string edns = "\0\0\x29\x04\xd0\0\0\0\0\0\0"s;
  const std::string signature = "\x01k\0\0\xfa\0\xff\0\0\0\0\0\x11\0\0\0\0\0\0\0\x01\x2c\0\0\0\0\0\0\0\0"s;
  EXPECT_TRUE(decoded(head(0, 2) + edns + signature));
  EXPECT_FALSE(decoded(head(0, 2) + signature + edns));
}

TEST(Rdata, joins_the_strings_of_a_text_and_splits_long_ones) {
  const std::string longer(300, 'x');
  Record record{name("example.com"), Type::kTxt, Class::kInternet, 60, text_data(longer)};
  EXPECT_EQ(record.data.size(), 302U);
  EXPECT_EQ(text_in(record), longer);
  record.data = text_data("");
  EXPECT_EQ(text_in(record), "");
  record.data = "\x05shor"s;
  EXPECT_FALSE(text_in(record));
}

TEST(Rdata, reads_what_a_permission_says) {
  const Record record{name("example.com"), Type::kCaa, Class::kInternet, 60, "\x80\5Issueca.example; a=b"s};
  const auto permission = permission_in(record);
  ASSERT_TRUE(permission.has_value());
  EXPECT_TRUE(permission->critical);
  EXPECT_EQ(permission->tag, "issue");
  EXPECT_EQ(permission->value, "ca.example; a=b");
}

TEST(Rdata, survives_a_service_binding) {
  const ServiceBinding binding{1, Name(), {{kAlpnParameter, "\x02h3"}, {kEchParameter, "config"}}};
  const Record record{name("example.com"), Type::kHttps, Class::kInternet, 60, binding_data(binding)};
  const auto read = binding_in(record);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->parameters, binding.parameters);
}

TEST(Rdata, rejects_parameters_out_of_order_or_cut) {
  Record record{name("example.com"), Type::kHttps, Class::kInternet, 60, "\0\x01\0\0\x05\0\0\0\x01\0\0"s};
  EXPECT_FALSE(binding_in(record));
  record.data = "\0\x01\0\0\x01\0\0\0\x05\0\0"s;
  EXPECT_TRUE(binding_in(record));
  record.data = "\0\x01\0\0\x01\0\0\0\x05"s;
  EXPECT_FALSE(binding_in(record));
}

TEST(Name, is_read_and_written_in_lower_case) {
  EXPECT_EQ(name("WWW.Example.COM.").to_string(), "www.example.com");
  EXPECT_EQ(name(".").to_string(), ".");
  EXPECT_TRUE(Name::parse(std::string(63, 'a')));
  for (const auto* bad : {"", "a..b", ".a"}) EXPECT_FALSE(Name::parse(bad)) << bad;
  EXPECT_FALSE(Name::parse(std::string(64, 'a')));
}

TEST(Name, has_255_bytes_at_most) {
  std::string text = std::string(63, 'a') + '.' + std::string(63, 'b') + '.' + std::string(63, 'c') + '.';
  EXPECT_TRUE(Name::parse(text + std::string(61, 'd')));
  EXPECT_FALSE(Name::parse(text + std::string(62, 'd')));
  EXPECT_TRUE(name(text + std::string(58, 'd')).child("aa"));
  EXPECT_FALSE(name(text + std::string(59, 'd')).child("aa"));
}

TEST(Name, knows_what_lies_within_it_by_whole_labels) {
  EXPECT_TRUE(name("a.example.com").is_within(name("example.com")));
  EXPECT_TRUE(name("example.com").is_within(name("example.com")));
  EXPECT_TRUE(name("example.com").is_within(Name()));
  EXPECT_FALSE(name("badexample.com").is_within(name("example.com")));
  EXPECT_FALSE(name("com").is_within(name("example.com")));
}

TEST(Name, shows_bytes_that_are_no_text_as_numbers) {
  EXPECT_EQ(Name::from_wire("\x03"s + "a.\x01"s + "\0"s).to_string(), "a\\046\\001");
}

}  // namespace
}  // namespace gate::dns
