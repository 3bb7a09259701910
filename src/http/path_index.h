#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "http/match.h"

namespace gate::http {

// Finds those of many statements that a path may fit, without asking each of them. It only narrows: what it names has
// still to be matched, what it passes by cannot match. A look-up is a binary search among the literal beginnings of
// the statements' path patterns. The matchers live longer than the index.
class PathIndex {
  struct Beginning;

 public:
  // `matchers`: of the statements, in their order; statements are named by their places in it.
  explicit PathIndex(std::span<const Matcher* const> matchers);
  PathIndex(const PathIndex&) = delete;
  PathIndex& operator=(const PathIndex&) = delete;

  // The statements that one path may fit. As long-lived as the index; keeps nothing of the path.
  class Candidates {
   public:
    // The first at or behind `place`; the number of statements when there is none.
    std::size_t next(std::size_t place) const { return longest_ ? next_of_all(place) : index_.any_path_from_[place]; }

   private:
    friend class PathIndex;
    Candidates(const PathIndex& index, const Beginning* longest, std::size_t path_length)
        : index_(index), longest_(longest), path_length_(path_length) {}
    std::size_t next_of_all(std::size_t place) const;

    const PathIndex& index_;
    const Beginning* longest_;
    std::size_t path_length_;
  };

  Candidates candidates(std::string_view path) const {
    return {*this, beginnings_.empty() ? nullptr : longest_of(path), path.size()};
  }

 private:
  using Places = std::span<const std::uint32_t>;  // ascending

  // A literal beginning, with the statements that ask for it.
  struct Beginning {
    std::string_view text;
    const Beginning* shorter = nullptr;  // the longest of the others that this text begins with
    Places alone;                        // the path is the text
    Places more;                         // the path begins with the text
  };

  const Beginning* longest_of(std::string_view path) const;

  std::vector<std::uint32_t> any_path_from_;  // a place -> the first at or behind it that may fit whatever the path
  std::vector<std::uint32_t> places_;
  std::vector<Beginning> beginnings_;  // ascending by text
};

}  // namespace gate::http
