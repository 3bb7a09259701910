#include "http/h1/parser.h"

#include <algorithm>
#include <concepts>

#include "http/scan.h"

namespace gate::http::h1 {
namespace {

// A token nobody has as a method; longer ones are refused before they are buffered.
constexpr std::size_t kMethodBytesMax = 64;
// Offsets are held in 32 bits, whatever the configuration says.
constexpr std::size_t kSectionBytesMax = std::size_t{1} << 30;
// RFC 9113 6.5.2: "an overhead of 32 octets for each field".
constexpr std::size_t kLineOverhead = 32;

constexpr std::string_view kLineEnd = "\r\n";

// ":" " " CR LF and what a name and a value have at the least.
constexpr std::ptrdiff_t kShortestLine = 4;

template <std::integral T>
constexpr std::uint32_t offset(T value) {
  return static_cast<std::uint32_t>(value);
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Whether `line` can still become "HTTP/d.d" CRLF.
bool is_version_line(std::string_view line) {
  constexpr std::string_view kPattern = "HTTP/0.0\r\n";
  for (std::size_t i = 0; i < std::min(line.size(), kPattern.size()); ++i) {
    const bool fits = kPattern[i] == '0' ? base::is_digit(line[i]) : line[i] == kPattern[i];
    if (!fits) return false;
  }
  return true;
}

}  // namespace

HeadParser::Step HeadParser::first_step(Section section) {
  switch (section) {
    case Section::kRequestHead: return Step::kEmptyLine;
    case Section::kResponseHead: return Step::kStatusLine;
    case Section::kTrailers: return Step::kLineStart;
  }
  return Step::kLineStart;
}

HeadParser::HeadParser(base::Arena& arena, const Limits& limits, Section section)
    : arena_(arena),
      limits_(limits),
      step_(first_step(section)),
      section_max_(std::min(limits.header_bytes_max, kSectionBytesMax)) {}

// False, and nothing is added, when the section would become larger than it may be.
inline bool HeadParser::add_line(const Line& line) {
  const std::size_t bytes = std::size_t{line.name_size} + line.value_size + kLineOverhead;
  if (bytes > section_max_ - field_bytes_) return false;
  if (line_count_ == lines_.size()) grow_lines();
  field_bytes_ += bytes;
  lines_[line_count_++] = line;
  return true;
}

Progress HeadParser::parse(std::string_view input) {
  while (step_ != Step::kDone) {
    if (const Progress progress = run_step(input); progress != Progress::kComplete) return progress;
  }
  return Progress::kComplete;
}

Progress HeadParser::run_step(std::string_view input) {
  switch (step_) {
    case Step::kEmptyLine: return parse_empty_line(input);
    case Step::kMethod: return parse_method(input);
    case Step::kTarget: return parse_target(input);
    case Step::kVersion: return parse_version(input);
    case Step::kStatusLine: return parse_status_line(input);
    case Step::kLineStart: return parse_line_start(input);
    case Step::kName: return parse_name(input);
    case Step::kValue: return parse_value(input);
    case Step::kDone: break;
  }
  return Progress::kComplete;
}

// RFC 9112 2.2: a server "SHOULD ignore at least one empty line (CRLF) received prior to the request-line". One it is.
Progress HeadParser::parse_empty_line(std::string_view input) {
  if (input.empty()) return Progress::kNeedMore;
  if (input[0] != '\r') return go_to(Step::kMethod, 0);
  const Progress progress = expect_line_feed(input, 0);
  return progress == Progress::kComplete ? go_to(Step::kMethod, kLineEnd.size()) : progress;
}

Progress HeadParser::parse_method(std::string_view input) {
  // RFC 9112 3: a "method longer than any that it implements" is answered with 501.
  const Progress progress = scan(input, token_prefix, at_ + kMethodBytesMax + 1, RequestFault::kMethodUnsupported);
  if (progress != Progress::kComplete) return progress;
  if (input[scanned_] != ' ' || scanned_ == at_) return fail(RequestFault::kMalformed);
  method_begin_ = offset(at_);
  method_size_ = offset(scanned_ - at_);
  return go_to(Step::kTarget, scanned_ + 1);
}

Progress HeadParser::parse_target(std::string_view input) {
  const std::size_t longest = std::min(limits_.target_bytes_max, kSectionBytesMax);
  const Progress progress = scan(input, visible_prefix, at_ + longest + 1, RequestFault::kTargetTooLong);
  if (progress != Progress::kComplete) return progress;
  if (input[scanned_] != ' ' || scanned_ == at_) return fail(RequestFault::kMalformed);
  target_begin_ = offset(at_);
  target_size_ = offset(scanned_ - at_);
  return go_to(Step::kVersion, scanned_ + 1);
}

Progress HeadParser::parse_version(std::string_view input) {
  constexpr std::size_t kSize = 10;
  const std::string_view line(input.data() + at_, std::min(input.size() - at_, kSize));
  section_begin_ = at_ + kSize;
  if (line == "HTTP/1.1\r\n") return go_to(Step::kLineStart, section_begin_);
  if (!is_version_line(line)) return fail(RequestFault::kMalformed);
  if (line.size() < kSize) return Progress::kNeedMore;
  if (line != "HTTP/1.0\r\n") return fail(RequestFault::kUnknownVersion);
  version_ = Version::kHttp10;
  return go_to(Step::kLineStart, section_begin_);
}

// RFC 9112 4: status-line = HTTP-version SP status-code SP [ reason-phrase ]. The blank behind the code is left out by
// many servers that have no phrase; that can be read in one way only.
Progress HeadParser::parse_status_line(std::string_view input) {
  constexpr std::size_t kLineBytesMax = 1024;
  constexpr std::string_view kVersion = "HTTP/1.";
  constexpr std::size_t kCodeAt = kVersion.size() + 2;
  constexpr std::size_t kCodeEnd = kCodeAt + 3;
  // A first byte that is none of ours must not keep the connection waiting for a line.
  const std::size_t known = std::min(input.size(), kVersion.size());
  if (input.substr(0, known) != kVersion.substr(0, known)) return fail(RequestFault::kMalformed);
  const Progress progress = scan(input, value_prefix, kLineBytesMax, RequestFault::kMalformed);
  if (progress != Progress::kComplete) return progress;
  if (const Progress end = expect_line_feed(input, scanned_); end != Progress::kComplete) return end;
  const std::string_view line = input.substr(0, scanned_);
  if (line.size() < kCodeEnd || line[kCodeAt - 1] != ' ' || !base::is_digit(line[kCodeAt - 2])) {
    return fail(RequestFault::kMalformed);
  }
  if (line.size() > kCodeEnd && line[kCodeEnd] != ' ') return fail(RequestFault::kMalformed);
  const auto code = base::parse_number<std::uint16_t>(line.substr(kCodeAt, 3));
  if (!code || *code < 100 || *code > 599) return fail(RequestFault::kMalformed);
  status_ = *code;
  if (line[kCodeAt - 2] == '0') version_ = Version::kHttp10;
  section_begin_ = scanned_ + kLineEnd.size();
  return go_to(Step::kLineStart, section_begin_);
}

Progress HeadParser::parse_line_start(std::string_view input) {
  take_plain_lines(input);
  if (input.size() == at_) return Progress::kNeedMore;
  if (input[at_] == '\r') {
    const Progress progress = expect_line_feed(input, at_);
    return progress == Progress::kComplete ? go_to(Step::kDone, at_ + kLineEnd.size()) : progress;
  }
  if (line_count_ == limits_.header_lines_max) return fail(RequestFault::kHeaderTooLarge);
  return go_to(Step::kName, at_);
}

// The whole lines that are as lines should be, in one tight loop. It only ever accepts; a line with anything particular
// about it is left to the steps below, which would have accepted these with the same result.
void HeadParser::take_plain_lines(std::string_view input) {
  const char* const base = input.data();
  const char* const end = base + std::min(input.size(), section_begin_ + section_max_);
  const char* at = base + at_;
  while (end - at >= kShortestLine && line_count_ < limits_.header_lines_max) {
    const char* const colon = at + token_prefix({at, end});
    if (colon == at || end - colon < kShortestLine || colon[0] != ':' || colon[1] != ' ') break;
    const char* const value = colon + 2;
    const char* const stop = value + value_prefix({value, end});
    if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n') break;
    if (stop == value || is_blank(value[0]) || is_blank(stop[-1])) break;
    if (!add_line({offset(at - base), offset(colon - at), offset(value - base), offset(stop - value)})) break;
    at = stop + kLineEnd.size();
  }
  at_ = static_cast<std::size_t>(at - base);
}

// RFC 9112 5.1: "No whitespace is allowed between the field name and colon", and 5.2: a line that begins with
// whitespace is obs-fold, which is refused: neither is a token character.
Progress HeadParser::parse_name(std::string_view input) {
  const Progress progress = scan(input, token_prefix, section_begin_ + section_max_, RequestFault::kHeaderTooLarge);
  if (progress != Progress::kComplete) return progress;
  if (input[scanned_] != ':' || scanned_ == at_) return fail(RequestFault::kMalformed);
  name_begin_ = offset(at_);
  name_size_ = offset(scanned_ - at_);
  return go_to(Step::kValue, scanned_ + 1);
}

Progress HeadParser::parse_value(std::string_view input) {
  // The bound counts the blanks around values as well, which add_line() does not: else they would cost the sender
  // nothing.
  const Progress progress = scan(input, value_prefix, section_begin_ + section_max_, RequestFault::kHeaderTooLarge);
  if (progress != Progress::kComplete) return progress;
  if (const Progress end = expect_line_feed(input, scanned_); end != Progress::kComplete) return end;
  std::size_t begin = at_;
  std::size_t stop = scanned_;
  while (begin < stop && is_blank(input[begin])) ++begin;
  while (begin < stop && is_blank(input[stop - 1])) --stop;
  if (!add_line({name_begin_, name_size_, offset(begin), offset(stop - begin)}))
    return fail(RequestFault::kHeaderTooLarge);
  return go_to(Step::kLineStart, scanned_ + kLineEnd.size());
}

// Complete at the first character that `prefix` does not take; scanned_ is then where it stands.
template <class Prefix>
Progress HeadParser::scan(std::string_view input, Prefix prefix, std::size_t bound, RequestFault too_long) {
  const std::size_t end = std::min(input.size(), bound);
  if (scanned_ < end) scanned_ += prefix(std::string_view(input.data() + scanned_, end - scanned_));
  if (scanned_ < end) return Progress::kComplete;
  return end == bound ? fail(too_long) : Progress::kNeedMore;
}

Progress HeadParser::expect_line_feed(std::string_view input, std::size_t carriage_return) {
  if (input[carriage_return] != '\r') return fail(RequestFault::kMalformed);
  if (input.size() == carriage_return + 1) return Progress::kNeedMore;
  return input[carriage_return + 1] == '\n' ? Progress::kComplete : fail(RequestFault::kMalformed);
}

Progress HeadParser::fail(RequestFault fault) {
  fault_ = fault;
  return Progress::kFault;
}

Progress HeadParser::go_to(Step step, std::size_t at) {
  step_ = step;
  at_ = scanned_ = at;
  return Progress::kComplete;
}

void HeadParser::grow_lines() {
  constexpr std::size_t kFirstCapacity = 16;
  const auto larger = arena_.make_array<Line>(std::max(kFirstCapacity, lines_.size() * 2));
  std::ranges::copy(lines_, larger.begin());
  lines_ = larger;
}

void HeadParser::fill(std::string_view input, Request& request) const {
  const std::span<char> head = copy_of(input);
  const auto text = [head](std::uint32_t begin, std::uint32_t size) {
    return std::string_view(head.data() + begin, size);
  };
  request.version = version_;
  request.method_text = text(method_begin_, method_size_);
  request.method = to_method(request.method_text);
  request.target = text(target_begin_, target_size_);
  fill_lines(head, request.fields);
}

void HeadParser::fill_fields(std::string_view input, FieldList& fields) const { fill_lines(copy_of(input), fields); }

void HeadParser::fill_lines(std::span<char> head, FieldList& fields) const {
  fields.reserve(line_count_);
  for (const Line& line : lines_.first(line_count_)) {
    lower_in_place(head.subspan(line.name_begin, line.name_size));
    fields.add({head.data() + line.name_begin, line.name_size}, {head.data() + line.value_begin, line.value_size});
  }
}

void HeadParser::fill_trailers(std::string_view input, FieldList& trailers) const {
  const std::span<char> section = copy_of(input);
  for (const Line& line : lines_.first(line_count_)) {
    lower_in_place(section.subspan(line.name_begin, line.name_size));
    const std::string_view name(section.data() + line.name_begin, line.name_size);
    const FieldId id = field_id(name);
    if (is_trailer_allowed(id)) trailers.add({name, {section.data() + line.value_begin, line.value_size}, id});
  }
}

std::span<char> HeadParser::copy_of(std::string_view input) const {
  const auto copy = arena_.allocate(at_);
  base::copy_bytes(copy, base::as_bytes(input.substr(0, at_)));
  return {reinterpret_cast<char*>(copy.data()), copy.size()};
}

}  // namespace gate::http::h1
