#include "http/config/conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "http/match_codes.h"
#include "http/request_rules.h"

namespace gate::http::config {
namespace {

using Words = std::span<const conf::Word>;

std::optional<std::vector<Glob>> read_globs(Words words, Glob::Of of, conf::Reader& reader) {
  std::vector<Glob> globs;
  for (const conf::Word& word : words) {
    auto glob = Glob::compile(word.text, of);
    if (!glob) {
      reader.error(glob.error().code, word, fmt::format("{} matches no request", conf::shown(word.text)),
                   glob.error().what);
      return std::nullopt;
    }
    globs.push_back(*std::move(glob));
  }
  return globs;
}

std::optional<Matcher::Test> read_path(Words words, conf::Reader& reader) {
  auto patterns = read_globs(words, Glob::Of::kPath, reader);
  if (!patterns) return std::nullopt;
  return PathIs{*std::move(patterns)};
}

std::optional<Matcher::Test> read_method(Words words, conf::Reader& reader) {
  MethodIs test;
  for (const conf::Word& word : words) {
    const bool has_lower_case = std::ranges::any_of(word.text, [](char c) { return c >= 'a' && c <= 'z'; });
    if (!is_token(word.text) || has_lower_case) {
      reader.error(kBadPattern, word, fmt::format("{} is not a method", conf::shown(word.text)),
                   "methods are written in capitals, such as GET or POST");
      return std::nullopt;
    }
    test.names.push_back(word.text);
  }
  return test;
}

std::optional<Matcher::Test> read_header(Words words, conf::Reader& reader) {
  if (!is_token(words[0].text)) {
    reader.error(kBadPattern, words[0], fmt::format("{} is not a field name", conf::shown(words[0].text)));
    return std::nullopt;
  }
  auto values = read_globs(words.subspan(1), Glob::Of::kText, reader);
  if (!values) return std::nullopt;
  return HeaderIs{base::lowered(words[0].text), *std::move(values)};
}

std::optional<Matcher::Test> read_query(Words words, conf::Reader& reader) {
  if (words.size() > 1) {
    reader.error(conf::kWrongArgumentCount, words[1], "one parameter a line", "usage: when query NAME[=VALUE]");
    return std::nullopt;
  }
  const std::string& text = words[0].text;
  const auto equals = text.find('=');
  if (equals == std::string::npos) return QueryIs{text, std::nullopt};
  return QueryIs{text.substr(0, equals), text.substr(equals + 1)};
}

std::optional<Matcher::Test> read_client(Words words, conf::Reader& reader) {
  ClientIn test;
  for (const conf::Word& word : words) {
    const auto block = reader.cidr(word);
    if (!block) return std::nullopt;
    test.blocks.push_back(*block);
  }
  return test;
}

std::optional<Matcher::Test> read_certificate(Words words, conf::Reader& reader) {
  auto names = read_globs(words, Glob::Of::kText, reader);
  if (!names) return std::nullopt;
  return CertificateNames{*std::move(names)};
}

using ReadTest = std::optional<Matcher::Test> (*)(Words, conf::Reader&);

constexpr conf::Choice<ReadTest> kTests[] = {
    {"method", read_method}, {"path", read_path},   {"header", read_header},
    {"query", read_query},   {"from", read_client}, {"client-certificate", read_certificate},
};

}  // namespace

void read_patterns(Words patterns, Matcher& matcher, conf::Reader& reader) {
  if (auto test = read_path(patterns, reader)) matcher.require(*std::move(test));
}

void read_when(const conf::Statement& statement, Matcher& matcher, conf::Reader& reader) {
  Words words = statement.args;
  const bool negated = words[0].text == "not";
  if (negated) words = words.subspan(1);
  const auto read_test = reader.choice(words[0], kTests);
  if (!read_test) return;
  if (words.size() < 2) {
    reader.error(conf::kWrongArgumentCount, words[0], fmt::format("\"{}\" needs at least one argument", words[0].text));
    return;
  }
  auto test = (*read_test)(words.subspan(1), reader);
  if (!test) return;
  if (negated) {
    matcher.require_not(*std::move(test));
  } else {
    matcher.require(*std::move(test));
  }
}

}  // namespace gate::http::config
