#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gate::http {

// A pattern with stars, compiled once. Matching reads each character of the text once whatever the pattern, so that no
// request can make it slow.
//
// Of a path (decoded, as in Request::path):
//   /a          that path alone
//   /api/*      /api, /api/ and everything below: a rule for a folder must not be missed by leaving out its slash
//   /api*       everything that begins with /api
//   *.php       everything that ends in .php
//   /u/*/home   a star in the middle stands for characters other than "/"
//   /img/**/x   two stars stand for any characters; "/**/" also for a single "/"
//   *           every path
//
// Of other text a star stands for any characters, wherever it is.
class Glob {
 public:
  enum class Of : std::uint8_t { kPath, kText };

  // Between the first and the last star of a pattern: one bit of a machine word each.
  static constexpr std::size_t kMiddleMax = 63;

  // Fails, with the reason in `what`, for patterns that could never match and ones with too long a middle.
  static base::Result<Glob> compile(std::string_view pattern, Of of);

  bool matches(std::string_view text) const;
  bool matches_everything() const { return shape_ == Shape::kEverything; }
  bool is_literal() const { return shape_ == Shape::kLiteral; }  // matches one text alone
  const std::string& beginning() const { return prefix_; }       // of every text that matches
  const std::string& text() const { return text_; }              // the pattern as it was written

 private:
  // What stands between the literal ends: a set of positions in the pattern, advanced by each character. Position i is
  // reached when everything before element i has matched.
  struct Automaton {
    using Positions = std::uint64_t;

    std::array<Positions, 256> literal{};  // elements that are this character
    Positions star = 0;                    // any characters but "/"
    Positions any = 0;                     // any characters
    Positions folders = 0;                 // nothing behind a "/", or any characters up to a "/"
    std::size_t length = 0;

    Positions skip(Positions active, char before) const;
    Positions advance(Positions active, char c) const;
    Positions accepting() const { return Positions{1} << length; }
  };

  // In the order of cost.
  enum class Shape : std::uint8_t { kEverything, kLiteral, kBelow, kEnds, kAutomaton, kAutomatonBelow };

  class Compiler;

  Glob() = default;
  bool run(std::string_view middle) const;

  std::string text_;
  Shape shape_ = Shape::kEverything;
  std::string prefix_;
  std::string suffix_;
  std::unique_ptr<const Automaton> automaton_;
};

}  // namespace gate::http
