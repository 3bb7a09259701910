#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/arena.h"
#include "http/limits.h"
#include "http/request_rules.h"

namespace gate::http::h1 {

enum class Progress : std::uint8_t { kComplete, kNeedMore, kFault };

// Parses the head of a request or a response, or the trailer section of a chunked body, as strictly as RFC 9112 allows:
// lines end with CRLF and nothing else, one space separates, no line is folded, no control character passes. What comes
// in any number of pieces is judged exactly as if it came at once, and no byte is looked at twice.
//
//   empty line --> method --> target --> version --> line start --> name --> value
//                                   status line ----^ |    ^                  |
//                                                     v    '------------------'
//                                                    done
class HeadParser {
 public:
  enum class Section : std::uint8_t { kRequestHead, kResponseHead, kTrailers };

  HeadParser(base::Arena& arena, const Limits& limits, Section section = Section::kRequestHead);

  // `input` begins with the first byte of the section and holds at least what it held on the call before. Not to be
  // called again after kComplete or kFault.
  Progress parse(std::string_view input);

  // Of a complete section: its length including the empty line behind it.
  std::size_t size() const { return at_; }
  RequestFault fault() const { return fault_; }

  // Of a complete head, with the same input: copies it into the arena once and sets method, version, fields and the
  // target as sent.
  void fill(std::string_view input, Request& request) const;

  // Of a complete head of a response, with the same input: copies the fields into the arena.
  void fill_fields(std::string_view input, FieldList& fields) const;
  std::uint16_t status() const { return status_; }
  Version version() const { return version_; }

  // Of complete trailers, with the same input: copies the lines that may stand there into the arena.
  void fill_trailers(std::string_view input, FieldList& trailers) const;

 private:
  enum class Step : std::uint8_t {
    kEmptyLine,
    kMethod,
    kTarget,
    kVersion,
    kStatusLine,
    kLineStart,
    kName,
    kValue,
    kDone
  };

  // A field line as offsets into the input, which may move between two calls.
  struct Line {
    std::uint32_t name_begin;
    std::uint32_t name_size;
    std::uint32_t value_begin;
    std::uint32_t value_size;
  };

  static Step first_step(Section section);
  Progress run_step(std::string_view input);
  Progress parse_empty_line(std::string_view input);
  Progress parse_method(std::string_view input);
  Progress parse_target(std::string_view input);
  Progress parse_version(std::string_view input);
  Progress parse_status_line(std::string_view input);
  Progress parse_line_start(std::string_view input);
  Progress parse_name(std::string_view input);
  Progress parse_value(std::string_view input);

  void take_plain_lines(std::string_view input);
  template <class Prefix>
  Progress scan(std::string_view input, Prefix prefix, std::size_t bound, RequestFault too_long);
  Progress expect_line_feed(std::string_view input, std::size_t carriage_return);
  Progress fail(RequestFault fault);
  Progress go_to(Step step, std::size_t at);
  bool add_line(const Line& line);
  void grow_lines();
  void fill_lines(std::span<char> head, FieldList& fields) const;
  std::span<char> copy_of(std::string_view input) const;

  base::Arena& arena_;
  const Limits& limits_;
  Step step_;
  RequestFault fault_ = RequestFault::kMalformed;
  Version version_ = Version::kHttp11;
  std::uint16_t status_ = 0;
  std::size_t at_ = 0;       // where the current step began
  std::size_t scanned_ = 0;  // up to where its characters are known to belong
  std::uint32_t method_begin_ = 0;
  std::uint32_t method_size_ = 0;
  std::uint32_t target_begin_ = 0;
  std::uint32_t target_size_ = 0;
  std::uint32_t name_begin_ = 0;
  std::uint32_t name_size_ = 0;
  std::size_t section_begin_ = 0;
  std::size_t section_max_;
  std::size_t field_bytes_ = 0;
  std::size_t line_count_ = 0;
  std::span<Line> lines_;
};

}  // namespace gate::http::h1
