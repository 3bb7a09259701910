#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gate::conf {

// The place of a source in its SourceSet.
using SourceId = std::uint32_t;
inline constexpr SourceId kNoSource = UINT32_MAX;

// Where something stands. Lines and columns count from 1; column and length are bytes here and shown as characters.
// A tree that was built from JSON has no positions (`source` is kNoSource).
struct Position {
  SourceId source = kNoSource;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t length = 0;

  bool known() const { return source != kNoSource; }
  friend bool operator==(const Position&, const Position&) = default;
};

// A name or an argument, escapes already resolved. `quoted` says how it was written and means nothing more:
// `"a"` and `a` are the same word.
struct Word {
  std::string text;
  Position at{};
  bool quoted = false;
};

struct Statement;

// The statements of a file or between braces. `end` holds the comments and blank lines after the last of them,
// `close_comment` the comment that follows the closing brace; both serve the formatter only.
struct Block {
  std::vector<Statement> statements;
  std::vector<std::string> end;
  std::string close_comment;
};

// One statement: `name args… { block }`. `before` holds the lines above it, each a comment with its `#` or empty
// for a blank line; `comment` is the one at the end of its first line.
struct Statement {
  Word name;
  std::vector<Word> args;
  std::optional<Block> block;
  std::vector<std::string> before;
  std::string comment;
};

// Whether two trees say the same: names, arguments, blocks and comments, whatever their positions and quotes.
bool same_content(const Block& a, const Block& b);

// A text and where it came from. `name` is what messages show; `directory` is what relative paths in it start from
// (empty: the working directory).
struct Source {
  SourceId id = kNoSource;
  std::string name;
  std::string directory;
  std::string text;

  // The line without its end; empty when there is no such line.
  std::string_view line(std::uint32_t number) const;

  // `path` as seen from the working directory: joined to `directory` unless absolute.
  std::string resolve(std::string_view path) const;
};

// The sources of one configuration. References to a source live as long as the set. A byte order mark is dropped.
class SourceSet {
 public:
  const Source& add(std::string name, std::string directory, std::string text);
  const Source* find(SourceId id) const;

  // "gate443.conf:12:3"; empty for an unknown position.
  std::string place(const Position& at) const;
  // The column of `at` in characters, as people and editors count.
  std::uint32_t shown_column(const Position& at) const;

 private:
  std::deque<Source> sources_;
};

}  // namespace gate::conf
