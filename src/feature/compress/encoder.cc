#include "feature/compress/encoder.h"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/check.h"

namespace gate::compress {
namespace {

using http::ContentCoding;

// 15 bits of window, and a gzip header and trailer instead of zlib's.
constexpr int kGzipWindowBits = 15 + 16;
constexpr int kGzipMemoryLevel = 8;
// A window of 128 KB for zstd and 256 KB for brotli: most responses are smaller, and a stream's memory is bounded by
// it. RFC 9659: at most 8 MB, so that every client can decode it.
constexpr int kZstdWindowLog = 17;
constexpr int kBrotliWindowLog = 18;

template <class T>
T* as_pointer_to(std::byte* bytes) {
  return reinterpret_cast<T*>(bytes);
}

class GzipEncoder final : public Encoder {
 public:
  static std::unique_ptr<Encoder> create(int level) {
    auto encoder = std::make_unique<GzipEncoder>();
    encoder->ready_ = ::deflateInit2(&encoder->stream_, level, Z_DEFLATED, kGzipWindowBits, kGzipMemoryLevel,
                                     Z_DEFAULT_STRATEGY) == Z_OK;
    return encoder->ready_ ? std::move(encoder) : nullptr;
  }
  ~GzipEncoder() override {
    if (ready_) ::deflateEnd(&stream_);
  }

  Progress encode(base::ByteView input, std::span<std::byte> output, Step step) override {
    if (left_.empty() && output.size() >= kRoomMin) return deflate_into(input, output, step);
    Progress progress;
    if (left_.empty()) {
      progress = deflate_into(input, spare_, step);
      left_ = std::span(spare_).first(progress.put);
      left_is_all_ = progress.done;
    }
    progress.put = std::min(left_.size(), output.size());
    base::copy_bytes(output, left_.first(progress.put));
    left_ = left_.subspan(progress.put);
    progress.done = left_.empty() && left_is_all_ && progress.taken == input.size();
    return progress;
  }

  bool restart() override {
    left_ = {};
    return ::deflateReset(&stream_) == Z_OK;
  }

 private:
  // zlib's manual on Z_SYNC_FLUSH: "make sure that avail_out is greater than six to avoid repeated flush markers". A
  // client with a window of five bytes would be sent nothing else for ever.
  static constexpr std::size_t kRoomMin = 32;

  Progress deflate_into(base::ByteView input, std::span<std::byte> output, Step step) {
    constexpr std::array kModes{Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
    // zlib counts in 32 bits; pieces here are far smaller.
    GATE_CHECK(input.size() <= std::numeric_limits<uInt>::max());
    output = output.first(std::min<std::size_t>(output.size(), std::numeric_limits<uInt>::max()));
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(input.data()));
    stream_.avail_in = static_cast<uInt>(input.size());
    stream_.next_out = as_pointer_to<Bytef>(output.data());
    stream_.avail_out = static_cast<uInt>(output.size());
    const int result = ::deflate(&stream_, kModes[static_cast<std::size_t>(step)]);
    return {.taken = input.size() - stream_.avail_in,
            .put = output.size() - stream_.avail_out,
            // zlib's manual on flushing: room left in the output says that nothing is held back any more.
            .done = step == Step::kFinish ? result == Z_STREAM_END : stream_.avail_in == 0 && stream_.avail_out > 0,
            // Z_BUF_ERROR says that there was nothing to do, and is no failure.
            .failed = result == Z_STREAM_ERROR};
  }

  z_stream stream_{};
  bool ready_ = false;
  std::array<std::byte, kRoomMin> spare_;
  std::span<std::byte> left_;  // of spare_: put out by zlib, not handed on yet
  bool left_is_all_ = false;   // the step is done once that is handed on
};

class ZstdEncoder final : public Encoder {
 public:
  static std::unique_ptr<Encoder> create(int level) {
    auto encoder = std::make_unique<ZstdEncoder>();
    encoder->context_.reset(::ZSTD_createCCtx());
    auto* const context = encoder->context_.get();
    if (!context || ::ZSTD_isError(::ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)) ||
        ::ZSTD_isError(::ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, kZstdWindowLog))) {
      return nullptr;
    }
    return encoder;
  }

  Progress encode(base::ByteView input, std::span<std::byte> output, Step step) override {
    constexpr std::array kModes{ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end};
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{output.data(), output.size(), 0};
    const auto left = ::ZSTD_compressStream2(context_.get(), &out, &in, kModes[static_cast<std::size_t>(step)]);
    const bool all_taken = in.pos == input.size();
    return {.taken = in.pos,
            .put = out.pos,
            .done = all_taken && (step == Step::kContinue || left == 0),
            .failed = ::ZSTD_isError(left) != 0};
  }

  bool restart() override { return !::ZSTD_isError(::ZSTD_CCtx_reset(context_.get(), ZSTD_reset_session_only)); }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ::ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> context_;
};

class BrotliEncoder final : public Encoder {
 public:
  static std::unique_ptr<Encoder> create(int level) {
    auto encoder = std::make_unique<BrotliEncoder>();
    encoder->state_.reset(::BrotliEncoderCreateInstance(nullptr, nullptr, nullptr));
    auto* const state = encoder->state_.get();
    if (!state || !::BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, static_cast<std::uint32_t>(level)) ||
        !::BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, kBrotliWindowLog)) {
      return nullptr;
    }
    return encoder;
  }

  Progress encode(base::ByteView input, std::span<std::byte> output, Step step) override {
    constexpr std::array kModes{BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FLUSH, BROTLI_OPERATION_FINISH};
    std::size_t input_left = input.size();
    std::size_t output_left = output.size();
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(input.data());
    auto* next_out = as_pointer_to<std::uint8_t>(output.data());
    const auto went_well = ::BrotliEncoderCompressStream(state_.get(), kModes[static_cast<std::size_t>(step)],
                                                         &input_left, &next_in, &output_left, &next_out, nullptr);
    const bool nothing_held = !::BrotliEncoderHasMoreOutput(state_.get());
    return {.taken = input.size() - input_left,
            .put = output.size() - output_left,
            .done = step == Step::kFinish ? ::BrotliEncoderIsFinished(state_.get()) != BROTLI_FALSE
                                          : input_left == 0 && nothing_held,
            .failed = went_well == BROTLI_FALSE};
  }

  // Brotli has no way back to the start.
  bool restart() override { return false; }

 private:
  struct Destroy {
    void operator()(BrotliEncoderState* state) const { ::BrotliEncoderDestroyInstance(state); }
  };
  std::unique_ptr<BrotliEncoderState, Destroy> state_;
};

constexpr std::size_t operator""_KB(unsigned long long count) { return static_cast<std::size_t>(count) << 10; }

}  // namespace

LevelRange levels_of(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::kIdentity: break;
    case ContentCoding::kGzip: return {.min = 1, .max = 9, .usual = 5};
    case ContentCoding::kBrotli: return {.min = 0, .max = 6, .usual = 4};
    case ContentCoding::kZstd: return {.min = 1, .max = 9, .usual = 3};
  }
  return {};
}

// Measured with the windows above; docs/why/compression.md has the table.
std::size_t memory_of(ContentCoding coding, int level) {
  constexpr std::array<std::size_t, 10> kZstd{0,       1200_KB, 1200_KB,  1700_KB,  3000_KB,
                                              4000_KB, 4000_KB, 13500_KB, 13500_KB, 13500_KB};
  constexpr std::array<std::size_t, 7> kBrotli{200_KB, 200_KB, 1400_KB, 1400_KB, 3300_KB, 3800_KB, 4800_KB};
  switch (coding) {
    case ContentCoding::kIdentity: return 0;
    case ContentCoding::kGzip: return 280_KB;
    case ContentCoding::kBrotli: return kBrotli[static_cast<std::size_t>(level)];
    case ContentCoding::kZstd: return kZstd[static_cast<std::size_t>(level)];
  }
  return 0;
}

std::unique_ptr<Encoder> make_encoder(ContentCoding coding, int level) {
  switch (coding) {
    case ContentCoding::kIdentity: return nullptr;
    case ContentCoding::kGzip: return GzipEncoder::create(level);
    case ContentCoding::kBrotli: return BrotliEncoder::create(level);
    case ContentCoding::kZstd: return ZstdEncoder::create(level);
  }
  return nullptr;
}

}  // namespace gate::compress
