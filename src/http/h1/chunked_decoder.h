#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "http/fields.h"
#include "http/h1/parser.h"
#include "http/limits.h"

namespace gate::http::h1 {

// Takes the chunked coding off a request body (RFC 9112 7.1), piece by piece and to the letter.
//
//   size line --> data --> data end --> size line ...
//       '-- size 0 --> trailers --> done
class ChunkedDecoder {
 public:
  // Trailer fields are added to `trailers`; all three outlive the decoder.
  ChunkedDecoder(base::Arena& arena, const Limits& limits, FieldList& trailers);

  // What one call did with the front of its input.
  struct Piece {
    Progress progress = Progress::kNeedMore;  // kComplete: the body is whole; kFault: it is malformed
    std::size_t used = 0;     // bytes that are done with; 0: nothing can be done before more has arrived
    std::string_view data{};  // of the body, within the input
  };

  // `input` begins behind what was used before. Not to be called again after kComplete or kFault.
  Piece decode(std::string_view input);

 private:
  enum class State : std::uint8_t { kSizeLine, kData, kDataEnd, kTrailers };

  Piece decode_size_line(std::string_view input);
  Piece decode_data(std::string_view input);
  Piece decode_data_end(std::string_view input);
  Piece decode_trailers(std::string_view input);

  const Limits& limits_;
  FieldList& trailers_;
  HeadParser trailer_parser_;
  State state_ = State::kSizeLine;
  std::uint64_t chunk_rest_ = 0;
  std::uint64_t data_bytes_ = 0;
  std::uint64_t extension_bytes_ = 0;
};

}  // namespace gate::http::h1
