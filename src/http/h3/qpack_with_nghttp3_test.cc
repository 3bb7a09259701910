#include <gtest/gtest.h>
#include <nghttp3/nghttp3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "http/qpack/decoder.h"
#include "http/qpack/encoder.h"
#include "http/testing/field_sections.h"

// Header compression beside an independent implementation, which has to read what we write and write what we read.
namespace gate::http::h3 {
namespace {

using hpack::Step;
using http::testing::FieldSections;
using Lines = FieldSections::Lines;

constexpr std::size_t kTableBytes = 4096;

const std::uint8_t* octets(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

std::string taken(nghttp3_buf& buffer) {
  std::string bytes(buffer.pos, buffer.last);
  nghttp3_buf_reset(&buffer);
  return bytes;
}

// A buffer that nghttp3 allocates.
struct Buffer : nghttp3_buf {
  Buffer() { nghttp3_buf_init(this); }
  ~Buffer() { nghttp3_buf_free(this, nghttp3_mem_default()); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
};

// nghttp3 as a client that reads our responses.
class Reader {
 public:
  Reader() { nghttp3_qpack_decoder_new(&decoder_, kTableBytes, 0, nghttp3_mem_default()); }
  ~Reader() { nghttp3_qpack_decoder_del(decoder_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void instruct(std::string_view bytes) {
    ASSERT_EQ(nghttp3_qpack_decoder_read_encoder(decoder_, octets(bytes), bytes.size()),
              static_cast<nghttp3_ssize>(bytes.size()));
  }

  Lines read(std::int64_t stream, std::string_view section) {
    Lines lines;
    nghttp3_qpack_stream_context* context = nullptr;
    nghttp3_qpack_stream_context_new(&context, stream, nghttp3_mem_default());
    const std::uint8_t* at = octets(section);
    std::size_t left = section.size();
    for (std::uint8_t flags = 0; !(flags & NGHTTP3_QPACK_DECODE_FLAG_FINAL);) {
      nghttp3_qpack_nv line{};
      const auto count = nghttp3_qpack_decoder_read_request(decoder_, context, &line, &flags, at, left, 1);
      if (count < 0 || flags & NGHTTP3_QPACK_DECODE_FLAG_BLOCKED) {
        lines.emplace_back("error", count < 0 ? nghttp3_strerror(static_cast<int>(count)) : "blocked");
        break;
      }
      at += count;
      left -= static_cast<std::size_t>(count);
      if (!(flags & NGHTTP3_QPACK_DECODE_FLAG_EMIT)) continue;
      const auto name = nghttp3_rcbuf_get_buf(line.name);
      const auto value = nghttp3_rcbuf_get_buf(line.value);
      lines.emplace_back(std::string(name.base, name.base + name.len), std::string(value.base, value.base + value.len));
      nghttp3_rcbuf_decref(line.name);
      nghttp3_rcbuf_decref(line.value);
    }
    nghttp3_qpack_stream_context_del(context);
    return lines;
  }

  // What it says on its decoder stream.
  std::string acknowledgements() {
    std::string bytes(nghttp3_qpack_decoder_get_decoder_streamlen(decoder_), '\0');
    nghttp3_buf buffer;
    nghttp3_buf_init(&buffer);
    buffer.begin = buffer.pos = buffer.last = reinterpret_cast<std::uint8_t*>(bytes.data());
    buffer.end = buffer.begin + bytes.size();
    nghttp3_qpack_decoder_write_decoder(decoder_, &buffer);
    return bytes;
  }

 private:
  nghttp3_qpack_decoder* decoder_ = nullptr;
};

constexpr int kSections = 10'000;

TEST(QpackWithNghttp3, it_reads_what_we_write) {
  Reader peer;
  qpack::Encoder encoder;
  encoder.allow_table(kTableBytes);
  FieldSections sections(443);
  for (int i = 0; i < kSections; ++i) {
    const Lines lines = sections.next();
    std::vector<Field> fields;
    for (const auto& [name, value] : lines) fields.push_back({name, value, field_id(name)});
    std::vector<std::byte> room(qpack::Encoder::bound(fields));
    const std::size_t size = encoder.encode(fields, room);
    ASSERT_EQ(peer.read(4 * i, base::as_text(std::span(room).first(size))), lines) << i;
    peer.instruct(base::as_text(encoder.instructions().view()));
    encoder.instructions().clear();
    const std::string said = peer.acknowledgements();
    base::ByteReader input(base::as_bytes(said));
    while (!input.empty()) ASSERT_EQ(encoder.acknowledge(input), Step::kNothing) << i;
  }
}

TEST(QpackWithNghttp3, we_read_what_it_writes) {
  nghttp3_qpack_encoder* peer = nullptr;
  ASSERT_EQ(nghttp3_qpack_encoder_new(&peer, kTableBytes, nghttp3_mem_default()), 0);
  nghttp3_qpack_encoder_set_max_dtable_capacity(peer, kTableBytes);
  nghttp3_qpack_encoder_set_max_blocked_streams(peer, 100);
  qpack::Decoder decoder({});
  FieldSections sections(444);
  for (int i = 0; i < kSections; ++i) {
    const Lines lines = sections.next();
    std::vector<nghttp3_nv> vectors;
    for (const auto& [name, value] : lines) {
      vectors.push_back({octets(name), octets(value), name.size(), value.size(), NGHTTP3_NV_FLAG_NONE});
    }
    Buffer prefix;
    Buffer section;
    Buffer instructions;
    ASSERT_EQ(
        nghttp3_qpack_encoder_encode(peer, &prefix, &section, &instructions, 4 * i, vectors.data(), vectors.size()), 0);
    const std::string told = taken(instructions);
    base::ByteReader table(base::as_bytes(told));
    while (!table.empty()) ASSERT_EQ(decoder.instruct(table), Step::kNothing) << i;
    const std::string bytes = taken(prefix) + taken(section);
    base::ByteReader input(base::as_bytes(bytes));
    qpack::SectionPrefix needs;
    ASSERT_EQ(decoder.prefix(input, needs), Step::kNothing);
    ASSERT_LE(needs.required, decoder.inserted());
    Lines read;
    qpack::TableLine line;
    while (!input.empty()) {
      ASSERT_EQ(decoder.next(input, needs, line), Step::kLine) << i;
      read.emplace_back(line.field.name, line.field.value);
    }
    ASSERT_EQ(read, lines) << i;
    if (needs.required > 0) nghttp3_qpack_encoder_ack_everything(peer);
  }
  nghttp3_qpack_encoder_del(peer);
}

}  // namespace
}  // namespace gate::http::h3
