#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "http/accept_encoding.h"

namespace gate::compress {

// Turns a stream of bytes into one with a content coding.
class Encoder {
 public:
  virtual ~Encoder() = default;

  enum class Step : std::uint8_t {
    kContinue,  // keep back what may compress better together with what follows
    kFlush,     // put out everything taken so far, so that the reader can decode it
    kFinish,    // the input given is the last
  };
  struct Progress {
    std::size_t taken = 0;  // from the front of the input
    std::size_t put = 0;    // at the front of the output
    bool done = false;      // all input taken, and for kFlush and kFinish everything put out; false: call again
    bool failed = false;    // the library gave up; the encoder is of no more use
  };

  // A flush or a finish that was begun is repeated, with the rest of the input, until it is done.
  virtual Progress encode(base::ByteView input, std::span<std::byte> output, Step step) = 0;

  // Makes the encoder ready for another stream; false when a fresh one is needed for that.
  virtual bool restart() = 0;
};

// Levels as the libraries number them. The bounds keep one stream's memory below kCostMax of encoder.cc.
struct LevelRange {
  int min = 0;
  int max = 0;
  int usual = 0;
};
LevelRange levels_of(http::ContentCoding coding);

// What an encoder of that coding and level holds while it works, in bytes, rounded up.
std::size_t memory_of(http::ContentCoding coding, int level);

// Null when the library cannot get the memory. `coding` is not identity, `level` is in its range.
std::unique_ptr<Encoder> make_encoder(http::ContentCoding coding, int level);

}  // namespace gate::compress
