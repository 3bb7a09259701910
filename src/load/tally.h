#pragma once

#include <cstdint>
#include <string>

namespace gate::load {

// What a load has done so far.
struct Tally {
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0;    // of the answers' bodies, as they came
  std::uint64_t resumed = 0;  // handshakes that resumed a session
  std::uint16_t group = 0;    // of the last handshake's key agreement
  std::uint16_t suite = 0;    // of the last handshake
  std::uint16_t status = 0;   // of the last answer
  std::string failure{};      // why the first failed
};

// Keeps a server busy from a loop, as fast as it answers: whatever ends is begun anew at the end of the turn. Ends with
// its destruction.
class Load {
 public:
  virtual ~Load() = default;
  virtual void begin() = 0;
  const Tally& tally() const { return tally_; }

 protected:
  void fail(std::string_view why) {
    if (tally_.failed++ == 0) tally_.failure = why;
  }

  Tally tally_;
};

}  // namespace gate::load
