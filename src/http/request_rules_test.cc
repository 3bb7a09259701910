#include "http/request_rules.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

namespace gate::http {
namespace {

using namespace std::string_view_literals;

TEST(RequestRules, answers_each_fault_with_its_status) {
  const struct {
    RequestFault fault;
    int status;
  } kCases[] = {
      {RequestFault::kMalformed, 400},          {RequestFault::kBadTarget, 400},
      {RequestFault::kTargetTooLong, 414},      {RequestFault::kBadHost, 400},
      {RequestFault::kBadContentLength, 400},   {RequestFault::kAmbiguousLength, 400},
      {RequestFault::kBadChunk, 400},           {RequestFault::kUnknownCoding, 501},
      {RequestFault::kHeaderTooLarge, 431},     {RequestFault::kBodyTooLarge, 413},
      {RequestFault::kHeaderTimeout, 408},      {RequestFault::kBodyTimeout, 408},
      {RequestFault::kUnknownVersion, 505},     {RequestFault::kMethodUnsupported, 501},
      {RequestFault::kUnknownExpectation, 417}, {RequestFault::kIncomplete, 400},
  };
  std::set<int> codes;
  for (const auto& each : kCases) {
    const Refusal answer = answer_to(each.fault);
    EXPECT_EQ(answer.status, each.status);
    EXPECT_FALSE(answer.reason.empty());
    EXPECT_GE(answer.code.number, 5000);
    EXPECT_LT(answer.code.number, 5050);
    codes.insert(answer.code.number);
  }
  EXPECT_EQ(codes.size(), std::size(kCases)) << "each fault has a code of its own";
}

TEST(RequestRules, tokens_are_the_characters_of_rfc_9110_5_6_2) {
  constexpr auto kAllowed = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"sv;
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    for (const std::size_t before : {std::size_t{0}, std::size_t{3}, std::size_t{20}}) {
      const std::string text = std::string(before, 'a') + c + "a";
      EXPECT_EQ(is_token(text), kAllowed.contains(c)) << i;
    }
  }
  EXPECT_FALSE(is_token(""));
}

TEST(RequestRules, field_values_hold_no_control_but_the_tab) {
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool allowed = i == '\t' || (i >= 0x20 && i != 0x7f);
    for (const std::size_t before : {std::size_t{1}, std::size_t{17}}) {
      EXPECT_EQ(is_field_value(std::string(before, 'a') + c + "a"), allowed) << i;
    }
  }
}

TEST(RequestRules, field_values_have_no_blanks_around) {
  EXPECT_TRUE(is_field_value(""));
  EXPECT_TRUE(is_field_value("a b"));
  EXPECT_FALSE(is_field_value(" a"));
  EXPECT_FALSE(is_field_value("a\t"));
  EXPECT_FALSE(is_field_value(" "));
}

TEST(RequestRules, content_length_is_digits_alone) {
  EXPECT_EQ(parse_content_length("0"), 0U);
  EXPECT_EQ(parse_content_length("007"), 7U);
  EXPECT_EQ(parse_content_length("18446744073709551615"), 18446744073709551615U);
  for (const auto value : {""sv, "18446744073709551616"sv, "99999999999999999999999"sv, "+1"sv, "-1"sv, " 1"sv, "1 "sv,
                           "1,1"sv, "1, 1"sv, "0x1"sv, "1e3"sv, "1.0"sv, "a"sv, "1a"sv, "\xd9\xa1"sv, "1\0"sv}) {
    EXPECT_EQ(parse_content_length(value), std::nullopt) << value;
  }
}

TEST(RequestRules, trailers_carry_no_framing_routing_or_access) {
  for (const auto id :
       {FieldId::kContentLength, FieldId::kTransferEncoding, FieldId::kHost, FieldId::kConnection, FieldId::kTe,
        FieldId::kTrailer, FieldId::kAuthorization, FieldId::kCookie, FieldId::kContentType, FieldId::kRange}) {
    EXPECT_FALSE(is_trailer_allowed(id)) << field_name(id);
  }
  EXPECT_TRUE(is_trailer_allowed(FieldId::kUnknown));
  EXPECT_TRUE(is_trailer_allowed(FieldId::kETag));
}

}  // namespace
}  // namespace gate::http
