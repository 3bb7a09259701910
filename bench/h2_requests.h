// HTTP/2 requests as a browser makes them, for what measures the driver in memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/browser_lines.h"
#include "http/h2/frame.h"
#include "http/h2/raw_client_for_test.h"

namespace gate::bench::h2 {

using Client = http::h2::testing::RawClient;

// At a time.
inline constexpr std::uint32_t kStreams = 32;

inline std::string request(std::string_view block) {
  constexpr std::uint8_t kWhole = http::h2::kFlagEndHeaders | http::h2::kFlagEndStream;
  return Client::frame(http::h2::FrameType::kHeaders, kWhole, 1, block);
}

// The client's first request fills the server's header table: literals with incremental indexing (RFC 7541 6.2.1).
inline std::string first_request() {
  std::string block;
  for (const auto& [name, value] : kBrowserLines) {
    block += '\x40' + Client::number(name.size(), 1) + name + Client::number(value.size(), 1) + value;
  }
  return request(block);
}

// A pass of requests on new streams, each line one byte that refers to the table.
class Requests {
 public:
  explicit Requests(std::size_t body_bytes) {
    constexpr std::size_t kFirstDynamic = 62;
    std::string block;
    for (std::size_t i = kBrowserLines.size(); i > 0; --i) block += Client::number(0x80 | (kFirstDynamic + i - 1), 1);
    const std::string one = request(block);
    one_bytes_ = one.size();
    for (std::uint32_t i = 0; i < kStreams; ++i) pass_ += one;
    pass_ += Client::window_update(0, static_cast<std::uint32_t>(kStreams * body_bytes));
  }

  std::string_view next() {
    constexpr std::size_t kIdOffset = 5;
    for (std::uint32_t i = 0; i < kStreams; ++i, id_ += 2) {
      pass_.replace(i * one_bytes_ + kIdOffset, 4, Client::number(id_, 4));
    }
    return pass_;
  }

 private:
  std::string pass_;
  std::size_t one_bytes_ = 0;
  std::uint32_t id_ = 3;
};

}  // namespace gate::bench::h2
