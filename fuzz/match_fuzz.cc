// Patterns against a matcher that is slow and simple, and templates against what may leave them.
//
// Input: a pattern or template, a line break, a text.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/check.h"
#include "base/text.h"
#include "http/glob.h"
#include "http/testing/fake_exchange.h"
#include "http/text_template.h"
#include "http/url_text.h"

namespace {

using namespace gate::http;

// Follows the description in glob.h word by word, trying every length a star might have.
class Reference {
 public:
  Reference(std::string_view pattern, Glob::Of of) : pattern_(pattern), of_(of) {
    if (of != Glob::Of::kPath || !(pattern.ends_with("/*") || pattern.ends_with("/**"))) return;
    below_ = true;
    pattern_ = pattern.substr(0, pattern.rfind('/'));
  }

  bool matches(std::string_view text) const {
    if (!below_) return matches_from(0, text);
    if (pattern_.empty()) return true;
    for (std::size_t end = 0; end <= text.size(); ++end) {
      const bool at_folder = end == text.size() || text[end] == '/';
      if (at_folder && matches_from(0, text.substr(0, end))) return true;
    }
    return false;
  }

 private:
  bool matches_from(std::size_t at, std::string_view text) const {
    if (at == pattern_.size()) return text.empty();
    if (pattern_[at] != '*') return !text.empty() && text[0] == pattern_[at] && matches_from(at + 1, text.substr(1));
    std::size_t behind = at;
    while (behind < pattern_.size() && pattern_[behind] == '*') ++behind;
    const bool anything = of_ == Glob::Of::kText || at == 0 || (behind == pattern_.size() && !below_);
    const bool one_star = !anything && behind - at == 1;
    const bool folders =
        !anything && !one_star && pattern_[at - 1] == '/' && behind < pattern_.size() && pattern_[behind] == '/';
    for (std::size_t length = 0; length <= text.size(); ++length) {
      const std::string_view taken = text.substr(0, length);
      if (one_star && taken.contains('/')) return false;
      if (folders && !taken.empty() && !taken.ends_with('/')) continue;
      if (matches_from(folders ? behind + 1 : behind, text.substr(length))) return true;
    }
    return false;
  }

  std::string_view pattern_;
  Glob::Of of_;
  bool below_ = false;
};

void check_glob(std::string_view pattern, std::string_view text, Glob::Of of) {
  const auto glob = Glob::compile(pattern, of);
  if (!glob) return;
  const bool matches = glob->matches(text);
  GATE_CHECK(!glob->matches_everything() || matches);
  // The reference takes exponential time, which is the point of not using it.
  constexpr std::size_t kStarsMax = 6;
  constexpr std::size_t kTextMax = 24;
  const auto stars = static_cast<std::size_t>(std::ranges::count(pattern, '*'));
  if (stars <= kStarsMax && text.size() <= kTextMax) GATE_CHECK(matches == Reference(pattern, of).matches(text));
}

void check_template(std::string_view text, std::string_view value, TextTemplate::For use) {
  const auto compiled = TextTemplate::compile(text, use);
  if (!compiled) return;
  testing::FakeExchange fake;
  fake.request().raw_path = value;
  fake.request().query = value;
  fake.request().has_query = true;
  for (const char c : compiled->expand(fake.exchange())) {
    GATE_CHECK(is_in(use == TextTemplate::For::kUrl ? kUrlCharacters : kValueCharacters, c));
  }
}

void check_encoding(std::string_view text) {
  gate::base::BlockPool blocks;
  gate::base::Arena arena(blocks);
  for (const UrlPart part : {UrlPart::kUrl, UrlPart::kQueryPart, UrlPart::kPath}) {
    for (const char c : percent_encoded(text, part, arena)) GATE_CHECK(is_in(kUrlCharacters, c));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view pattern = gate::base::split_off(text, '\n');
  check_glob(pattern, text, Glob::Of::kPath);
  check_glob(pattern, text, Glob::Of::kText);
  check_template(pattern, text, TextTemplate::For::kUrl);
  check_template(pattern, text, TextTemplate::For::kFieldValue);
  check_encoding(text);
  return 0;
}
