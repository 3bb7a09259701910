// What a client may send after the handshake: records sealed by its keys, of any type and content, whole or spoilt, and
// bytes that are no records. However they are cut and whatever the room to read, the data that comes out is the data
// that was sealed, up to the first thing that breaks the protocol; then there is an end. What the server says opens
// with its keys.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/check.h"
#include "base/text.h"
#include "tls/record_layer.h"

namespace {

using namespace gate;
using tls::ContentType;

constexpr std::array kKeyUpdate{std::byte{24}, std::byte{0}, std::byte{0}, std::byte{1}, std::byte{0}};

// What the input tells to do, number by number; zeros behind its end.
class Plan {
 public:
  explicit Plan(base::ByteView input) : input_(input) {}

  bool over() const { return input_.empty(); }
  std::size_t up_to(std::size_t most) { return input_.u16().value_or(0) % (most + 1); }
  std::string text() {
    const auto bytes = input_.bytes(std::min(up_to(64), input_.size()));
    return std::string(base::as_text(*bytes));
  }

 private:
  base::ByteReader input_;
};

class Client {
 public:
  explicit Client(const tls::Suite& suite) : keys_(suite, base::as_bytes(std::string(suite.secret_bytes, 'c')), 0) {}

  void say(Plan& plan) {
    switch (plan.up_to(5)) {
      case 0: return append(plan.text());
      case 1: {
        const auto type = ContentType{static_cast<std::uint8_t>(plan.up_to(UINT8_MAX))};
        return seal(type, plan.text());
      }
      case 2: return update_keys(plan.up_to(1) == 1);
      case 3: return spoil(plan.up_to(UINT16_MAX - 1));
      case 4: return data(std::string(plan.up_to(tls::kContentBytesMax), 'x'));
      default: return data(plan.text());
    }
  }

  base::ByteView bytes() const { return bytes_.view(); }
  const std::string& data_sealed() const { return data_; }
  bool good() const { return good_; }
  bool broken() const { return broken_; }  // by what must be refused

 private:
  void append(const std::string& text) {
    good_ &= text.empty();
    bytes_.append(text);
  }

  void seal(ContentType type, const std::string& content) {
    if (type == ContentType::kApplicationData) return data(content);
    // The last octet of the content is the type where this one is padding.
    const bool known = type == ContentType::kAlert || type == ContentType::kHandshake || type == ContentType::kInvalid;
    broken_ |= good_ && !known;
    good_ = false;
    append_record(type, base::as_bytes(content));
  }

  void data(const std::string& content) {
    if (good_) data_ += content;
    good_ &= !content.empty();  // so many of them are allowed, and no more
    append_record(ContentType::kApplicationData, base::as_bytes(content));
  }

  void update_keys(bool requested) {
    auto message = kKeyUpdate;
    message.back() = std::byte{requested};
    append_record(ContentType::kHandshake, message);
    keys_.update();
    good_ &= ++updates_ < tls::RecordLayer::kIdleRecordsMax;
  }

  void spoil(std::size_t place) {
    broken_ |= good_;
    good_ = false;
    std::string record(64, '\0');
    record.resize(keys_.seal(ContentType::kApplicationData, base::as_bytes(std::string(20, 'x')),
                             std::as_writable_bytes(std::span(record))));
    // Not in the length: what it then ends with is not for sure.
    place %= record.size() - 2;
    record[place < 3 ? place : place + 2] ^= 1;
    bytes_.append(record);
  }

  void append_record(ContentType type, base::ByteView content) {
    bytes_.commit(keys_.seal(type, content, bytes_.prepare(content.size() + tls::kRecordOverheadBytes)));
  }

  tls::RecordKeys keys_;
  base::Buffer bytes_;
  std::string data_;  // as long as all was good
  bool good_ = true;
  bool broken_ = false;
  unsigned updates_ = 0;
};

void open_all(const tls::Suite& suite, base::ByteView said) {
  tls::RecordKeys keys(suite, base::as_bytes(std::string(suite.secret_bytes, 's')), 0);
  for (base::ByteReader reader(said); !reader.empty();) {
    const auto header = reader.bytes(tls::kRecordHeaderBytes);
    GATE_CHECK(header);
    const auto sealed = reader.bytes(*base::ByteReader(header->subspan(3)).u16());
    GATE_CHECK(sealed);
    std::array<std::byte, 64> inner;
    const auto size = keys.open(*header, *sealed, inner);
    GATE_CHECK(size && *size > 0);
    if (inner[*size - 1] == std::byte{static_cast<std::uint8_t>(ContentType::kHandshake)}) keys.update();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  Plan plan(std::as_bytes(std::span(input, size)));
  const tls::Suite& suite = *tls::find_suite(static_cast<std::uint16_t>(0x1301 + plan.up_to(2)));
  const bool answers = plan.up_to(1) == 1;
  const std::size_t piece = 1 + plan.up_to(40'000);
  std::vector<std::byte> room(1 + plan.up_to(20'000));
  Client client(suite);
  for (int i = 0; i < 40 && !plan.over(); ++i) client.say(plan);

  const std::string client_secret(suite.secret_bytes, 'c');
  const std::string server_secret(suite.secret_bytes, 's');
  tls::RecordLayer layer(suite, {base::as_bytes(client_secret)}, {base::as_bytes(server_secret)});
  base::Buffer said;
  std::string read;
  base::Result<tls::Step> step = tls::Step::kNeedRead;
  for (auto rest = client.bytes(); !rest.empty() && step == tls::Step::kNeedRead;) {
    const auto next = rest.first(std::min(piece, rest.size()));
    rest = rest.subspan(next.size());
    tls::Io io{next, said};
    do {
      std::size_t count = 0;
      step = layer.read(io, room, count);
      GATE_CHECK(count <= room.size());
      read += base::as_text(std::span(room).first(count));
    } while (step == tls::Step::kDone);
    GATE_CHECK(step != tls::Step::kNeedRead || io.input.empty());
    if (answers && step == tls::Step::kNeedRead) layer.write(io, base::as_bytes("an answer"));
  }
  GATE_CHECK(read.starts_with(client.data_sealed()));
  if (client.broken()) GATE_CHECK(!step && read == client.data_sealed());
  if (client.good()) GATE_CHECK(step == tls::Step::kNeedRead && read == client.data_sealed());
  open_all(suite, said.view());
  return 0;
}
