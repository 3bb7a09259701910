#include "http/hpack/decoder.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "http/testing/octets.h"

namespace gate::http::hpack {
namespace {

using http::testing::octets;
using Lines = std::vector<std::pair<std::string, std::string>>;

class Reader {
 public:
  // The lines of a section; "malformed" or "incomplete" stands for the rest.
  Lines read(std::string_view section) {
    Lines lines;
    decoder_.begin();
    base::ByteReader input(base::as_bytes(section));
    TableLine line;
    while (!input.empty()) {
      const auto step = decoder_.next(input, line);
      if (step == Decoder::Step::kLine) lines.emplace_back(line.field.name, line.field.value);
      if (step == Decoder::Step::kMalformed) lines.emplace_back("malformed", "");
      if (step == Decoder::Step::kIncomplete) lines.emplace_back("incomplete", "");
      if (step == Decoder::Step::kMalformed || step == Decoder::Step::kIncomplete) break;
      last_good = line.good;
    }
    return lines;
  }

  bool last_good = true;

 private:
  std::array<std::byte, 1024> scratch_;
  Decoder decoder_{scratch_};
};

const Lines kMalformed{{"malformed", ""}};
const Lines kIncomplete{{"incomplete", ""}};

// RFC 7541 C.3 and C.4: the same requests, raw and compressed.
TEST(HpackDecoder, reads_the_requests_of_the_rfc) {
  const std::array<std::array<std::string_view, 3>, 2> connections{{
      {"8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", "8286 84be 5808 6e6f 2d63 6163 6865",
       "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65"},
      {"8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", "8286 84be 5886 a8eb 1064 9cbf",
       "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"},
  }};
  for (const auto& sections : connections) {
    Reader reader;
    EXPECT_EQ(reader.read(octets(sections[0])),
              (Lines{{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "www.example.com"}}));
    EXPECT_EQ(reader.read(octets(sections[1])), (Lines{{":method", "GET"},
                                                       {":scheme", "http"},
                                                       {":path", "/"},
                                                       {":authority", "www.example.com"},
                                                       {"cache-control", "no-cache"}}));
    EXPECT_EQ(reader.read(octets(sections[2])), (Lines{{":method", "GET"},
                                                       {":scheme", "https"},
                                                       {":path", "/index.html"},
                                                       {":authority", "www.example.com"},
                                                       {"custom-key", "custom-value"}}));
  }
}

TEST(HpackDecoder, takes_nothing_of_a_representation_that_is_cut) {
  const std::string whole = octets("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    Reader reader;
    EXPECT_EQ(reader.read(whole.substr(0, size)), kIncomplete) << size;
    EXPECT_EQ(reader.read(whole), (Lines{{"custom-key", "custom-header"}}));
    EXPECT_EQ(reader.read("\xbf"), kMalformed) << "the table has one line";
  }
}

TEST(HpackDecoder, refuses_what_points_nowhere) {
  EXPECT_EQ(Reader().read("\x80"), kMalformed) << "index 0";
  EXPECT_EQ(Reader().read("\xbe"), kMalformed) << "an empty table";
  EXPECT_EQ(Reader().read(octets("7e 01 61")), kMalformed) << "as a name";
  EXPECT_EQ(Reader().read(octets("ff ff ff ff ff ff")), kMalformed) << "a number without bounds";
}

TEST(HpackDecoder, refuses_text_that_is_not_as_the_code_says) {
  EXPECT_EQ(Reader().read(octets("00 81 ff 01 61")), kMalformed) << "padding of a whole byte";
  EXPECT_EQ(Reader().read(octets("00 81 00 01 61")), kMalformed) << "padding of zeroes";
  EXPECT_EQ(Reader().read(octets("00 84 ff ff ff ff 01 61")), kMalformed) << "the code of the end";
}

TEST(HpackDecoder, lets_the_table_be_resized_before_lines_only) {
  Reader reader;
  EXPECT_EQ(reader.read(octets("40 01 61 01 62")), (Lines{{"a", "b"}}));
  EXPECT_EQ(reader.read(octets("20 3f e1 1f be")), kMalformed) << "the line was evicted";
  EXPECT_EQ(reader.read(octets("82 20")), (Lines{{":method", "GET"}, {"malformed", ""}}));
  EXPECT_EQ(reader.read(octets("3f e2 1f")), kMalformed) << "4097 is above what we offer";
}

TEST(HpackDecoder, a_name_may_be_that_of_the_line_it_pushes_out) {
  Reader reader;
  const std::string name(2000, 'n');
  const std::string half = "\x40\x7f\xd1\x0e" + name + "\x7f\xe9\x06" + std::string(1000, 'a');
  EXPECT_EQ(reader.read(half), (Lines{{name, std::string(1000, 'a')}}));
  // The new line needs the old one's room.
  const std::string longer = "\x7e\x7f\xd1\x0e" + std::string(2000, 'b');
  EXPECT_EQ(reader.read(longer), (Lines{{name, std::string(2000, 'b')}}));
  EXPECT_EQ(reader.read("\xbe"), (Lines{{name, std::string(2000, 'b')}}));
  EXPECT_EQ(reader.read("\xbf"), kMalformed);
}

TEST(HpackDecoder, tells_characters_that_no_field_may_have_each_time_the_line_is_used) {
  Reader reader;
  reader.read(octets("40 01 41 01 62"));
  EXPECT_FALSE(reader.last_good) << "an upper-case name";
  reader.read("\x82");
  EXPECT_TRUE(reader.last_good);
  reader.read("\xbe");
  EXPECT_FALSE(reader.last_good);
  reader.read(octets("7e 01 62"));
  EXPECT_FALSE(reader.last_good) << "its name, used again";
  reader.read(octets("40 01 61 01 0a"));
  EXPECT_FALSE(reader.last_good) << "a line feed";
}

}  // namespace
}  // namespace gate::http::hpack
