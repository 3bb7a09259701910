#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "feature/compress/encoder.h"
#include "http/accept_encoding.h"
#include "http/service.h"

namespace gate::compress {

// What a `compress` statement says; the comments are in compress.md.
struct CompressOptions {
  bool on = true;
  std::vector<http::ContentCoding> codings{http::ContentCoding::kZstd, http::ContentCoding::kBrotli,
                                           http::ContentCoding::kGzip};
  // Below about a network packet's worth of content nothing arrives sooner for being smaller.
  std::uint64_t bytes_min = 1000;
  std::array<int, http::kContentCodings> levels{0, levels_of(http::ContentCoding::kGzip).usual,
                                                levels_of(http::ContentCoding::kBrotli).usual,
                                                levels_of(http::ContentCoding::kZstd).usual};
  std::vector<std::string> types{};  // "text/*", "application/json"; empty for all that usually shrinks
};

// Compresses the responses of the statements behind it.
class CompressPlan final : public http::ServicePlan {
 public:
  explicit CompressPlan(CompressOptions options) : options_(std::move(options)) {}

  const CompressOptions& options() const { return options_; }
  std::unique_ptr<http::Service> build(const http::ServiceEnvironment& environment) const override;

 private:
  CompressOptions options_;
};

}  // namespace gate::compress
