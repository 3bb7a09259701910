#include "http/h1/chunked_decoder.h"

#include <algorithm>

#include "base/text.h"
#include "http/characters.h"
#include "http/scan.h"

namespace gate::http::h1 {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

// Reads the line in front of a chunk from left to right. Each step is kNeedMore when the text ends before it is
// decided.
//   chunk-size *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] ) CRLF
class SizeLine {
 public:
  explicit SizeLine(std::string_view text) : text_(text) {}

  Progress read_size() {
    constexpr std::size_t kDigitsMax = 16;  // of 64 bits; leading zeros are no reason for more
    while (!ended() && is_hex_digit(text_[at_])) ++at_;
    if (at_ > kDigitsMax) return Progress::kFault;
    if (ended()) return Progress::kNeedMore;
    const auto size = base::parse_number<std::uint64_t>(text_.substr(0, at_), 16);
    if (!size) return Progress::kFault;
    size_ = *size;
    size_digits_ = at_;
    return Progress::kComplete;
  }

  // Up to and including the line's end.
  Progress read_extensions() {
    for (;;) {
      const std::size_t blanks = skip_blanks();
      if (ended()) return Progress::kNeedMore;
      if (text_[at_] == '\r' && blanks == 0) return read_line_end();
      if (text_[at_] != ';') return Progress::kFault;
      ++at_;
      if (const Progress progress = read_extension(); progress != Progress::kComplete) return progress;
    }
  }

  std::uint64_t size() const { return size_; }
  std::size_t size_digits() const { return size_digits_; }
  std::size_t length() const { return at_; }

 private:
  static bool is_hex_digit(char c) {
    return base::is_digit(c) || (base::to_lower(c) >= 'a' && base::to_lower(c) <= 'f');
  }
  bool ended() const { return at_ == text_.size(); }

  std::size_t skip_blanks() {
    const std::size_t from = at_;
    while (!ended() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    return at_ - from;
  }

  Progress read_extension() {
    skip_blanks();
    if (const Progress name = read_token(); name != Progress::kComplete) return name;
    const std::size_t behind_name = at_;
    skip_blanks();
    if (ended()) return Progress::kNeedMore;
    if (text_[at_] != '=') {
      at_ = behind_name;
      return Progress::kComplete;
    }
    ++at_;
    skip_blanks();
    if (ended()) return Progress::kNeedMore;
    return text_[at_] == '"' ? read_quoted() : read_token();
  }

  Progress read_token() {
    const std::size_t count = token_prefix(text_.substr(at_));
    at_ += count;
    if (ended()) return Progress::kNeedMore;
    return count > 0 ? Progress::kComplete : Progress::kFault;
  }

  Progress read_quoted() {
    for (++at_; !ended(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        return Progress::kComplete;
      }
      if (text_[at_] == '\\') ++at_;
      if (ended()) return Progress::kNeedMore;
      if (!is_in(kValueCharacters, text_[at_])) return Progress::kFault;
    }
    return Progress::kNeedMore;
  }

  Progress read_line_end() {
    if (text_.size() - at_ < kLineEnd.size()) return Progress::kNeedMore;
    if (text_[at_ + 1] != '\n') return Progress::kFault;
    at_ += kLineEnd.size();
    return Progress::kComplete;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint64_t size_ = 0;
  std::size_t size_digits_ = 0;
};

}  // namespace

ChunkedDecoder::ChunkedDecoder(base::Arena& arena, const Limits& limits, FieldList& trailers)
    : limits_(limits), trailers_(trailers), trailer_parser_(arena, limits, HeadParser::Section::kTrailers) {}

ChunkedDecoder::Piece ChunkedDecoder::decode(std::string_view input) {
  switch (state_) {
    case State::kSizeLine: return decode_size_line(input);
    case State::kData: return decode_data(input);
    case State::kDataEnd: return decode_data_end(input);
    case State::kTrailers: return decode_trailers(input);
  }
  return {.progress = Progress::kFault};
}

ChunkedDecoder::Piece ChunkedDecoder::decode_size_line(std::string_view input) {
  SizeLine sized(input);
  if (const Progress progress = sized.read_size(); progress != Progress::kComplete) return {.progress = progress};
  // RFC 9112 7.1.1: "A recipient ought to limit the total length of chunk extensions received in a request to an amount
  // reasonable for the services provided". They may grow with the data, so that long bodies are not refused for them.
  const std::uint64_t room = std::min<std::uint64_t>(
      limits_.chunk_extension_bytes_max, limits_.chunk_extension_bytes_max + data_bytes_ - extension_bytes_);
  const std::size_t longest = sized.size_digits() + static_cast<std::size_t>(room) + kLineEnd.size();
  SizeLine line(input.substr(0, longest));
  Progress progress = line.read_size();
  if (progress == Progress::kComplete) progress = line.read_extensions();
  if (progress == Progress::kNeedMore && input.size() >= longest) return {.progress = Progress::kFault};
  if (progress != Progress::kComplete) return {.progress = progress};
  extension_bytes_ += line.length() - line.size_digits() - kLineEnd.size();
  chunk_rest_ = line.size();
  state_ = chunk_rest_ > 0 ? State::kData : State::kTrailers;
  return {.used = line.length()};
}

ChunkedDecoder::Piece ChunkedDecoder::decode_data(std::string_view input) {
  const std::string_view data = input.substr(0, std::min<std::uint64_t>(input.size(), chunk_rest_));
  chunk_rest_ -= data.size();
  data_bytes_ += data.size();
  if (chunk_rest_ == 0) state_ = State::kDataEnd;
  return {.used = data.size(), .data = data};
}

ChunkedDecoder::Piece ChunkedDecoder::decode_data_end(std::string_view input) {
  const std::string_view end = input.substr(0, kLineEnd.size());
  if (!kLineEnd.starts_with(end)) return {.progress = Progress::kFault};
  if (end.size() < kLineEnd.size()) return {};
  state_ = State::kSizeLine;
  return {.used = kLineEnd.size()};
}

ChunkedDecoder::Piece ChunkedDecoder::decode_trailers(std::string_view input) {
  const Progress progress = trailer_parser_.parse(input);
  if (progress != Progress::kComplete) return {.progress = progress};
  trailer_parser_.fill_trailers(input, trailers_);
  return {.progress = Progress::kComplete, .used = trailer_parser_.size()};
}

}  // namespace gate::http::h1
