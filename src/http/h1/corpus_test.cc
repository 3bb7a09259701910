// Every file of tests/corpus/h1 is what a client sends before it closes its side; the numbers in front of its name are
// the statuses of the responses it gets.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/text.h"
#include "http/h1/harness_for_test.h"

namespace gate::http::h1 {
namespace {

struct Case {
  std::string name;
  std::string input;
  std::vector<int> expected;
};

std::vector<Case> read_corpus() {
  std::vector<Case> cases;
  for (const auto& entry : std::filesystem::directory_iterator(GATE_SOURCE_DIR "/tests/corpus/h1")) {
    std::ifstream file(entry.path(), std::ios::binary);
    Case each{entry.path().stem(), {std::istreambuf_iterator<char>(file), {}}, {}};
    std::string_view rest = each.name;
    while (const auto status = base::parse_number<int>(base::split_off(rest, '-'))) each.expected.push_back(*status);
    cases.push_back(std::move(each));
  }
  std::ranges::sort(cases, {}, &Case::name);
  return cases;
}

// The whole output of a connection that is sent the pieces and then the end.
std::string answer_to_pieces(const std::vector<std::string_view>& pieces, bool& finished) {
  testing::Bench bench;
  bench.handle = bench.collect();
  for (const auto piece : pieces) bench.send(piece);
  bench.send_end();
  finished = bench.wire->finished();
  return bench.take_output();
}

std::string answer_to_whole(std::string_view input, bool& finished) { return answer_to_pieces({input}, finished); }

TEST(H1Corpus, gets_the_statuses_of_its_name_and_the_end_of_the_connection) {
  const auto corpus = read_corpus();
  ASSERT_GT(corpus.size(), 300U);
  for (const auto& each : corpus) {
    bool finished = false;
    const std::string output = answer_to_whole(each.input, finished);
    EXPECT_EQ(testing::statuses(output), each.expected) << each.name << "\n" << output;
    EXPECT_TRUE(finished) << each.name;
    if (each.expected.back() >= 400) {
      EXPECT_TRUE(output.contains("Connection: close\r\n")) << each.name;
    }
  }
}

TEST(H1Corpus, is_judged_alike_in_two_pieces_cut_anywhere) {
  for (const auto& each : read_corpus()) {
    bool finished = false;
    const std::string whole = answer_to_whole(each.input, finished);
    // Long inputs are long by repetition: a cut there is like the next one.
    const std::size_t step = each.input.size() > 2000 ? each.input.size() / 97 : 1;
    for (std::size_t cut = 1; cut < each.input.size(); cut += step) {
      const std::string_view input = each.input;
      ASSERT_EQ(answer_to_pieces({input.substr(0, cut), input.substr(cut)}, finished), whole)
          << each.name << " cut at " << cut;
    }
  }
}

TEST(H1Corpus, is_judged_alike_byte_by_byte) {
  for (const auto& each : read_corpus()) {
    bool finished = false;
    const std::string whole = answer_to_whole(each.input, finished);
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < each.input.size(); ++i) bytes.push_back(std::string_view(each.input).substr(i, 1));
    ASSERT_EQ(answer_to_pieces(bytes, finished), whole) << each.name;
  }
}

}  // namespace
}  // namespace gate::http::h1
