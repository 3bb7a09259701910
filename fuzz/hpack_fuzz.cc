#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/text.h"
#include "http/hpack/decoder.h"

namespace {

using namespace gate;
using Lines = std::vector<std::pair<std::string, std::string>>;

// False when the section is malformed.
bool read_by_nghttp2(nghttp2_hd_inflater* inflater, base::ByteView section, Lines& lines) {
  const auto* at = reinterpret_cast<const std::uint8_t*>(section.data());
  std::size_t left = section.size();
  for (int flags = 0; !(flags & NGHTTP2_HD_INFLATE_FINAL);) {
    nghttp2_nv line{};
    const auto taken = nghttp2_hd_inflate_hd2(inflater, &line, &flags, at, left, 1);
    if (taken < 0) return false;
    at += taken;
    left -= static_cast<std::size_t>(taken);
    if (!(flags & NGHTTP2_HD_INFLATE_EMIT)) continue;
    lines.emplace_back(std::string(line.name, line.name + line.namelen),
                       std::string(line.value, line.value + line.valuelen));
  }
  nghttp2_hd_inflate_end_headers(inflater);
  return true;
}

bool read_by_us(http::hpack::Decoder& decoder, base::ByteView section, Lines& lines) {
  decoder.begin();
  base::ByteReader input(section);
  http::hpack::TableLine line;
  while (!input.empty()) {
    switch (decoder.next(input, line)) {
      case http::hpack::Decoder::Step::kLine: lines.emplace_back(line.field.name, line.field.value); break;
      case http::hpack::Decoder::Step::kNothing: break;
      default: return false;
    }
  }
  return true;
}

}  // namespace

// Sections of one connection, each behind a byte for its length. They are what nghttp2 says they are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  nghttp2_hd_inflater* made = nullptr;
  GATE_CHECK(nghttp2_hd_inflate_new(&made) == 0);
  const std::unique_ptr<nghttp2_hd_inflater, decltype(&nghttp2_hd_inflate_del)> inflater(made, nghttp2_hd_inflate_del);
  http::hpack::Decoder decoder({});
  base::ByteReader reader(std::as_bytes(std::span(data, size)));
  while (const auto section = reader.vector8()) {
    Lines ours;
    Lines theirs;
    const bool good = read_by_us(decoder, *section, ours);
    GATE_CHECK(read_by_nghttp2(inflater.get(), *section, theirs) == good);
    if (!good) break;
    GATE_CHECK(ours == theirs);
  }
  return 0;
}
