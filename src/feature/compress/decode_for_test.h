#pragma once

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/accept_encoding.h"

namespace gate::compress {

// What a client sees of a stream that may not be complete yet.
struct Decoded {
  std::string text;
  bool complete = false;
};

inline Decoded decode_gzip(std::string_view bytes, std::string room) {
  z_stream stream{};
  GATE_CHECK(::inflateInit2(&stream, 15 + 16) == Z_OK);
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(room.data());
  stream.avail_out = static_cast<uInt>(room.size());
  const int result = ::inflate(&stream, Z_SYNC_FLUSH);
  room.resize(room.size() - stream.avail_out);
  ::inflateEnd(&stream);
  return {std::move(room), result == Z_STREAM_END};
}

inline Decoded decode_zstd(std::string_view bytes, std::string room) {
  auto* const context = ::ZSTD_createDCtx();
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer out{room.data(), room.size(), 0};
  std::size_t result = 1;
  while (in.pos < in.size && result != 0 && !::ZSTD_isError(result))
    result = ::ZSTD_decompressStream(context, &out, &in);
  ::ZSTD_freeDCtx(context);
  room.resize(out.pos);
  return {std::move(room), result == 0};
}

inline Decoded decode_brotli(std::string_view bytes, std::string room) {
  auto* const state = ::BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
  std::size_t in_left = bytes.size();
  std::size_t out_left = room.size();
  const auto* in = reinterpret_cast<const std::uint8_t*>(bytes.data());
  auto* out = reinterpret_cast<std::uint8_t*>(room.data());
  const auto result = ::BrotliDecoderDecompressStream(state, &in_left, &in, &out_left, &out, nullptr);
  ::BrotliDecoderDestroyInstance(state);
  room.resize(room.size() - out_left);
  return {std::move(room), result == BROTLI_DECODER_RESULT_SUCCESS};
}

inline Decoded decode(http::ContentCoding coding, std::string_view bytes, std::size_t bytes_max = 20'000'000) {
  std::string room(bytes_max, '\0');
  switch (coding) {
    case http::ContentCoding::kIdentity: return {std::string(bytes), true};
    case http::ContentCoding::kGzip: return decode_gzip(bytes, std::move(room));
    case http::ContentCoding::kBrotli: return decode_brotli(bytes, std::move(room));
    case http::ContentCoding::kZstd: return decode_zstd(bytes, std::move(room));
  }
  return {};
}

// Text that compresses about as well as a page does.
inline std::string sample_text(std::size_t size) {
  std::string text;
  for (unsigned i = 0; text.size() < size; ++i) {
    text += "<li class=\"entry\">" + std::to_string(i * 2654435761U) + "</li>\n";
  }
  text.resize(size);
  return text;
}

}  // namespace gate::compress
