#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/buffer.h"
#include "base/bytes.h"

// The records of FastCGI 1.0 (https://fastcgi-archives.github.io/FastCGI_Specification.html, section 3.3), as the web
// server's side writes and reads them.
namespace gate::http::fcgi {

// Section 8; those that matter to a responder.
enum class RecordType : std::uint8_t {
  kBeginRequest = 1,
  kEndRequest = 3,
  kParameters = 4,
  kStdin = 5,
  kStdout = 6,
  kStderr = 7,
};

// Section 5.5: what END_REQUEST says.
enum class ProtocolStatus : std::uint8_t { kComplete = 0, kCannotMultiplex = 1, kOverloaded = 2, kUnknownRole = 3 };

inline constexpr std::size_t kRecordHeaderBytes = 8;
inline constexpr std::size_t kContentBytesMax = 0xffff;

// Puts a record's header at the front of `at`. There is one request at a time on a connection, with the id 1.
void write_record_header(std::span<std::byte> at, RecordType type, std::size_t content_bytes);

// Section 5.1. `keep` asks the program to leave the connection open afterwards.
void append_begin_request(base::Buffer& out, bool keep);

// Appends `content` in as many records as it takes. An empty stream takes none: its end is append_end.
void append_stream(base::Buffer& out, RecordType type, base::ByteView content);

// Section 3.3: the empty record that ends a stream.
void append_end(base::Buffer& out, RecordType type);

// Section 3.4: a name and its value, as they stand in a stream of parameters.
void append_parameter(base::Buffer& out, std::string_view name, std::string_view value);

// Takes records apart as they arrive, without holding their content.
class RecordReader {
 public:
  enum class State : std::uint8_t { kNeedMore, kContent, kFault };

  struct Piece {
    State state = State::kNeedMore;
    std::size_t used = 0;  // of the input, in every state
    RecordType type = RecordType::kStdout;
    base::ByteView content{};  // a part of a stream, empty at its end; all of an END_REQUEST
  };

  // Takes the front of `input`. What was not used comes again, with more behind it. Faults are another version, another
  // request's id, and records that no responder sends unasked.
  Piece read(base::ByteView input);

 private:
  enum class Header : std::uint8_t { kNeedMore, kTaken, kFault };
  Header take_header(base::ByteView input);

  RecordType type_ = RecordType::kStdout;
  std::size_t content_rest_ = 0;
  std::size_t padding_rest_ = 0;
};

// Of a whole END_REQUEST.
ProtocolStatus protocol_status(base::ByteView content);

}  // namespace gate::http::fcgi
