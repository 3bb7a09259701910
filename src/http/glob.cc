#include "http/glob.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "http/match_codes.h"

namespace gate::http {

// Reads a pattern into elements, then finds the cheapest shape that does the same.
class Glob::Compiler {
 public:
  Compiler(std::string_view pattern, Of of) : pattern_(pattern), of_(of) {}

  base::Result<Glob> compile() {
    if (const auto fault = of_ == Of::kPath ? path_fault() : std::optional<std::string>()) return refusal(*fault);
    read_elements();
    if (!has_star()) return literal();
    strip_ends();
    if (elements_.size() > kMiddleMax) {
      return refusal(fmt::format("at most {} characters may stand between its first and its last star", kMiddleMax));
    }
    if (below_) return with_automaton(Shape::kAutomatonBelow);
    if (elements_.size() == 1 && elements_[0].kind == Element::kAny) return only_ends();
    return with_automaton(Shape::kAutomaton);
  }

 private:
  struct Element {
    enum Kind : std::uint8_t { kLiteral, kStar, kAny, kFolders } kind;
    char literal = 0;

    friend bool operator==(const Element&, const Element&) = default;
  };

  base::Error error(std::string why) const {
    return {.code = kBadPattern, .side = base::Side::kConfiguration, .what = std::move(why)};
  }
  std::unexpected<base::Error> refusal(std::string why) const { return base::fail(error(std::move(why))); }

  // Why no decoded and normalised path can ever match.
  std::optional<std::string> path_fault() const {
    if (pattern_.empty() || (pattern_[0] != '/' && pattern_[0] != '*'))
      return "a path pattern begins with \"/\" or \"*\"";
    if (pattern_.find_first_of("?#") != pattern_.npos) {
      return "a path pattern holds no query and no fragment (for the query: when query NAME=VALUE)";
    }
    for (const std::string_view dots : {"/./", "/../"}) {
      if (pattern_.find(dots) != pattern_.npos) return fmt::format("paths are compared without \"{}\"", dots);
    }
    if (pattern_.ends_with("/.") || pattern_.ends_with("/..")) return "paths are compared without dot segments";
    return percent_fault();
  }

  std::optional<std::string> percent_fault() const {
    for (auto at = pattern_.find('%'); at != pattern_.npos; at = pattern_.find('%', at + 1)) {
      if (pattern_.substr(at, 3) == "%2F") continue;
      return "paths are compared decoded: write the character itself, in quotes where needed (only %2F stays encoded)";
    }
    return std::nullopt;
  }

  void read_elements() {
    if (of_ == Of::kPath) {
      below_ = pattern_.ends_with("/*") || pattern_.ends_with("/**");
      if (below_) pattern_ = pattern_.substr(0, pattern_.rfind('/'));
    }
    std::size_t at = 0;
    while (at < pattern_.size()) {
      const Element element = element_at(at);
      const bool repeats = !elements_.empty() && element == elements_.back();
      if (element.kind == Element::kLiteral || !repeats) elements_.push_back(element);
    }
  }

  // Moves `at` behind the element; a run of stars is one element.
  Element element_at(std::size_t& at) const {
    const std::size_t start = at;
    if (pattern_[start] != '*') return {Element::kLiteral, pattern_[at++]};
    at = std::min(pattern_.find_first_not_of('*', start), pattern_.size());
    const bool at_edge = start == 0 || (at == pattern_.size() && !below_);
    if (of_ == Of::kText || at_edge) return {Element::kAny};
    if (at - start == 1) return {Element::kStar};
    if (pattern_[start - 1] != '/' || at == pattern_.size() || pattern_[at] != '/') return {Element::kAny};
    ++at;
    return {Element::kFolders};
  }

  bool has_star() const {
    return std::ranges::any_of(elements_, [](const Element& e) { return e.kind != Element::kLiteral; });
  }

  static std::string text_of(std::span<const Element> elements) {
    std::string text;
    for (const Element& element : elements) text += element.literal;
    return text;
  }

  Glob literal() const {
    Glob glob;
    glob.prefix_ = text_of(elements_);
    glob.shape_ = below_ ? (glob.prefix_.empty() ? Shape::kEverything : Shape::kBelow) : Shape::kLiteral;
    return glob;
  }

  // Takes the literal ends off; what is below a folder has no fixed end.
  void strip_ends() {
    const auto is_star = [](const Element& element) { return element.kind != Element::kLiteral; };
    const auto first = std::ranges::find_if(elements_, is_star);
    prefix_ = text_of({elements_.begin(), first});
    auto last = elements_.end();
    if (!below_) last = std::find_if(elements_.rbegin(), elements_.rend(), is_star).base();
    suffix_ = text_of({last, elements_.end()});
    elements_ = std::vector<Element>(first, last);
  }

  Glob only_ends() {
    Glob glob;
    glob.shape_ = prefix_.empty() && suffix_.empty() ? Shape::kEverything : Shape::kEnds;
    glob.prefix_ = std::move(prefix_);
    glob.suffix_ = std::move(suffix_);
    return glob;
  }

  Glob with_automaton(Shape shape) {
    auto automaton = std::make_unique<Automaton>();
    automaton->length = elements_.size();
    for (std::size_t i = 0; i < elements_.size(); ++i) {
      const auto position = Automaton::Positions{1} << i;
      switch (elements_[i].kind) {
        case Element::kLiteral: automaton->literal[static_cast<unsigned char>(elements_[i].literal)] |= position; break;
        case Element::kStar: automaton->star |= position; break;
        case Element::kAny: automaton->any |= position; break;
        case Element::kFolders: automaton->folders |= position; break;
      }
    }
    Glob glob = only_ends();
    glob.shape_ = shape;
    glob.automaton_ = std::move(automaton);
    return glob;
  }

  std::string_view pattern_;
  Of of_;
  bool below_ = false;
  std::vector<Element> elements_;
  std::string prefix_;
  std::string suffix_;
};

base::Result<Glob> Glob::compile(std::string_view pattern, Of of) {
  GATE_TRY_ASSIGN(auto glob, Compiler(pattern, of).compile());
  glob.text_ = pattern;
  return glob;
}

bool Glob::matches(std::string_view text) const {
  if (shape_ == Shape::kEverything) return true;
  if (!text.starts_with(prefix_)) return false;
  std::string_view rest = text.substr(prefix_.size());
  if (shape_ == Shape::kLiteral) return rest.empty();
  if (shape_ == Shape::kBelow) return rest.empty() || rest[0] == '/';
  if (!rest.ends_with(suffix_)) return false;
  rest.remove_suffix(suffix_.size());
  return shape_ == Shape::kEnds || run(rest);
}

bool Glob::run(std::string_view middle) const {
  const Automaton& automaton = *automaton_;
  const bool below = shape_ == Shape::kAutomatonBelow;
  auto active = automaton.skip(1, prefix_.empty() ? '\0' : prefix_.back());
  for (const char c : middle) {
    if (below && c == '/' && (active & automaton.accepting()) != 0) return true;
    active = automaton.skip(automaton.advance(active, c), c);
    if (active == 0) return false;
  }
  return (active & automaton.accepting()) != 0;
}

// Stars may stand for nothing, folders only just behind a slash. A star behind folders is skipped after them.
Glob::Automaton::Positions Glob::Automaton::skip(Positions active, char before) const {
  if (before == '/') active |= (active & folders) << 1;
  return active | (active & (star | any)) << 1;
}

Glob::Automaton::Positions Glob::Automaton::advance(Positions active, char c) const {
  const Positions waits = any | folders | (c == '/' ? 0 : star);
  return (active & literal[static_cast<unsigned char>(c)]) << 1 | (active & waits);
}

}  // namespace gate::http
