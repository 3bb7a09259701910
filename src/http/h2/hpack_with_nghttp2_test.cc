#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "http/hpack/decoder.h"
#include "http/hpack/encoder.h"
#include "http/testing/field_sections.h"

// Header compression beside an independent implementation, which has to read what we write and write what we read.
namespace gate::http::h2 {
namespace {

using http::testing::FieldSections;
using Lines = FieldSections::Lines;

std::uint8_t* octets(const std::string& text) {
  return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
}

class Nghttp2 {
 public:
  Nghttp2() {
    nghttp2_hd_deflater* deflater = nullptr;
    nghttp2_hd_inflater* inflater = nullptr;
    nghttp2_hd_deflate_new(&deflater, 4096);
    nghttp2_hd_inflate_new(&inflater);
    deflater_.reset(deflater);
    inflater_.reset(inflater);
  }

  std::string deflate(const Lines& lines) {
    std::vector<nghttp2_nv> vectors;
    for (const auto& [name, value] : lines) {
      vectors.push_back({octets(name), octets(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    std::string bytes(nghttp2_hd_deflate_bound(deflater_.get(), vectors.data(), vectors.size()), '\0');
    const auto size =
        nghttp2_hd_deflate_hd(deflater_.get(), octets(bytes), bytes.size(), vectors.data(), vectors.size());
    bytes.resize(static_cast<std::size_t>(size));
    return bytes;
  }

  void limit_tables(std::size_t bytes) {
    nghttp2_hd_deflate_change_table_size(deflater_.get(), bytes);
    nghttp2_hd_inflate_change_table_size(inflater_.get(), bytes);
  }

  Lines inflate(const std::string& section) {
    Lines lines;
    const std::uint8_t* at = octets(section);
    std::size_t left = section.size();
    for (int flags = 0; !(flags & NGHTTP2_HD_INFLATE_FINAL);) {
      nghttp2_nv line{};
      const auto taken = nghttp2_hd_inflate_hd2(inflater_.get(), &line, &flags, at, left, 1);
      if (taken < 0) return {{"error", nghttp2_strerror(static_cast<int>(taken))}};
      at += taken;
      left -= static_cast<std::size_t>(taken);
      if (flags & NGHTTP2_HD_INFLATE_EMIT) {
        lines.emplace_back(std::string(line.name, line.name + line.namelen),
                           std::string(line.value, line.value + line.valuelen));
      }
    }
    nghttp2_hd_inflate_end_headers(inflater_.get());
    return lines;
  }

 private:
  struct Delete {
    void operator()(nghttp2_hd_deflater* deflater) const { nghttp2_hd_deflate_del(deflater); }
    void operator()(nghttp2_hd_inflater* inflater) const { nghttp2_hd_inflate_del(inflater); }
  };
  std::unique_ptr<nghttp2_hd_deflater, Delete> deflater_;
  std::unique_ptr<nghttp2_hd_inflater, Delete> inflater_;
};

Lines decoded(hpack::Decoder& decoder, const std::string& section) {
  Lines lines;
  decoder.begin();
  base::ByteReader input(base::as_bytes(section));
  hpack::TableLine line;
  while (!input.empty()) {
    const auto step = decoder.next(input, line);
    if (step == hpack::Decoder::Step::kLine) lines.emplace_back(line.field.name, line.field.value);
    if (step == hpack::Decoder::Step::kMalformed || step == hpack::Decoder::Step::kIncomplete) {
      lines.emplace_back("error", "");
      break;
    }
  }
  return lines;
}

std::string encoded(hpack::Encoder& encoder, const Lines& lines) {
  std::vector<Field> fields;
  for (const auto& [name, value] : lines) fields.push_back({name, value, field_id(name)});
  std::vector<std::byte> room(hpack::Encoder::bound(fields));
  return std::string(base::as_text(std::span(room).first(encoder.encode(fields, room))));
}

constexpr int kSections = 20'000;

TEST(HpackWithNghttp2, it_reads_what_we_write) {
  Nghttp2 peer;
  hpack::Encoder encoder;
  FieldSections sections(443);
  for (int i = 0; i < kSections; ++i) {
    if (sections.below(500) == 0) {
      const std::size_t limit = sections.below(6000);
      peer.limit_tables(limit);
      encoder.limit_table(limit);
    }
    const Lines lines = sections.next();
    ASSERT_EQ(peer.inflate(encoded(encoder, lines)), lines) << i;
  }
}

TEST(HpackWithNghttp2, we_read_what_it_writes) {
  Nghttp2 peer;
  hpack::Decoder decoder({});
  FieldSections sections(444);
  for (int i = 0; i < kSections; ++i) {
    if (sections.below(500) == 0) peer.limit_tables(sections.below(4097));
    const Lines lines = sections.next();
    ASSERT_EQ(decoded(decoder, peer.deflate(lines)), lines) << i;
  }
}

}  // namespace
}  // namespace gate::http::h2
