#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gate::bench {

// Finds where a response over HTTP/1.1 ends, one with Content-Length alone.
class ResponseEnd {
 public:
  enum class State { kMore, kDone, kBad };

  // Takes the next bytes. kBad: not 200, without a length, or more bytes than it said.
  State take(std::string_view bytes);

 private:
  State take_body(std::string_view bytes);

  static constexpr std::size_t kHeadBytesMax = 16 * 1024;
  std::string head_;
  std::size_t body_left_ = 0;
  bool in_body_ = false;
};

}  // namespace gate::bench
