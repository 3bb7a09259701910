#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/text.h"
#include "dns/message.h"
#include "dns/message_bits.h"
#include "dns/wire_reader.h"
#include "dns/wire_writer.h"

namespace gate::dns {
namespace {

enum class Section : std::uint8_t { kAnswers, kAuthorities, kAdditionals };

// RDATA of the types that RFC 1035 defines with names in it, which may be compressed (RFC 3597 4: in no later ones).
// The numbers are the bytes before the names, the names, the bytes behind.
struct NamesInData {
  std::size_t before = 0;
  unsigned names = 0;
  std::size_t behind = 0;
};

std::optional<NamesInData> names_in(Type type) {
  switch (type) {
    case Type::kNs:
    case Type::kCname:
    case Type::kPtr: return NamesInData{0, 1, 0};
    case Type::kMx: return NamesInData{2, 1, 0};
    case Type::kSoa: return NamesInData{0, 2, 20};
    default: return std::nullopt;
  }
}

// Nothing where the data is not what its type says. Empty data is of updates and says that all are meant.
std::optional<std::string> read_data(WireReader& reader, Type type) {
  const auto shape = names_in(type);
  if (!shape || reader.left() == 0) return std::string(base::as_text(*reader.bytes(reader.left())));
  WireWriter data;
  const auto before = reader.bytes(shape->before);
  if (!before) return std::nullopt;
  data.raw(base::as_text(*before));
  for (unsigned i = 0; i < shape->names; ++i) {
    const auto name = reader.name();
    if (!name) return std::nullopt;
    data.name(*name);
  }
  const auto behind = reader.bytes(shape->behind);
  if (!behind || reader.left() != 0) return std::nullopt;
  data.raw(base::as_text(*behind));
  return std::move(data).bytes();
}

class Decoder {
 public:
  explicit Decoder(base::ByteView bytes) : reader_(bytes) {}

  std::optional<Message> decode() {
    const bool good = read_header() && read_questions() && read_section(Section::kAnswers) &&
                      read_section(Section::kAuthorities) && read_section(Section::kAdditionals) && reader_.left() == 0;
    return good ? std::optional(std::move(message_)) : std::nullopt;
  }

 private:
  bool read_header() {
    const auto id = reader_.u16();
    const auto flags = reader_.u16();
    const auto questions = reader_.u16();
    for (auto& count : counts_) count = reader_.u16().value_or(0);
    if (!id || !flags || !questions || reader_.position() != kHeaderBytes) return false;
    message_.id = *id;
    message_.response = (*flags & kResponseBit) != 0;
    message_.opcode = static_cast<Opcode>(*flags >> kOpcodeShift & kOpcodeMask);
    message_.authoritative = (*flags & kAuthoritativeBit) != 0;
    message_.truncated = (*flags & kTruncatedBit) != 0;
    message_.recursion_desired = (*flags & kRecursionDesiredBit) != 0;
    message_.recursion_available = (*flags & kRecursionAvailableBit) != 0;
    message_.rcode = static_cast<Rcode>(*flags & kRcodeMask);
    questions_ = *questions;
    return true;
  }

  bool read_questions() {
    for (unsigned i = 0; i < questions_; ++i) {
      auto name = reader_.name();
      const auto type = reader_.u16();
      const auto in = reader_.u16();
      if (!name || !type || !in) return false;
      message_.questions.push_back({*std::move(name), static_cast<Type>(*type), static_cast<Class>(*in)});
    }
    return true;
  }

  bool read_section(Section section) {
    const auto count = counts_[static_cast<std::size_t>(section)];
    for (unsigned i = 0; i < count; ++i) {
      const bool last = section == Section::kAdditionals && i + 1 == count;
      if (!read_record(section, last)) return false;
    }
    return true;
  }

  bool read_record(Section section, bool last) {
    const std::size_t begins = reader_.position();
    auto name = reader_.name();
    const auto type = reader_.u16();
    const auto in = reader_.u16();
    const auto ttl = reader_.u32();
    const auto size = reader_.u16();
    if (!name || !type || !in || !ttl || !size) return false;
    auto data = reader_.take(*size);
    if (!data) return false;
    Record record{*std::move(name), static_cast<Type>(*type), static_cast<Class>(*in), *ttl, {}};
    if (record.type == Type::kTsig) return last && read_signature(begins, record, *data);
    auto content = read_data(*data, record.type);
    if (!content) return false;
    record.data = *std::move(content);
    if (record.type == Type::kOpt) return section == Section::kAdditionals && read_edns(record);
    records_of(section).push_back(std::move(record));
    return true;
  }

  // RFC 6891 6.1.1: "If a query message with more than one OPT RR is received, a FORMERR [...] MUST be returned."
  bool read_edns(const Record& record) {
    if (message_.edns || !record.name.is_root()) return false;
    message_.edns = {.udp_bytes = static_cast<std::uint16_t>(record.in), .dnssec_ok = (record.ttl & kDnssecOkBit) != 0};
    const unsigned upper = record.ttl >> kExtendedRcodeShift << kRcodeBits;
    message_.rcode = static_cast<Rcode>(upper | static_cast<unsigned>(message_.rcode));
    return true;
  }

  // RFC 8945 4.2.
  bool read_signature(std::size_t begins, const Record& record, WireReader& data) {
    if (record.in != Class::kAny || record.ttl != 0) return false;
    auto algorithm = data.name();
    const auto time_high = data.u16();
    const auto time_low = data.u32();
    const auto fudge = data.u16();
    const auto mac = data.vector16();
    const auto original_id = data.u16();
    const auto error = data.u16();
    const auto other = data.vector16();
    if (!algorithm || !time_high || !time_low || !fudge || !mac || !original_id || !error || !other) return false;
    if (data.left() != 0) return false;
    message_.signature = {.begins = begins,
                          .key = record.name,
                          .algorithm = *std::move(algorithm),
                          .time = std::uint64_t{*time_high} << 32U | *time_low,
                          .fudge = *fudge,
                          .mac = std::string(base::as_text(*mac)),
                          .original_id = *original_id,
                          .error = static_cast<Rcode>(*error),
                          .other = std::string(base::as_text(*other))};
    return true;
  }

  std::vector<Record>& records_of(Section section) {
    switch (section) {
      case Section::kAnswers: return message_.answers;
      case Section::kAuthorities: return message_.authorities;
      case Section::kAdditionals: break;
    }
    return message_.additionals;
  }

  static constexpr std::size_t kHeaderBytes = 12;

  WireReader reader_;
  Message message_;
  unsigned questions_ = 0;
  std::array<std::uint16_t, 3> counts_{};
};

}  // namespace

std::optional<Message> decode(base::ByteView bytes) { return Decoder(bytes).decode(); }

}  // namespace gate::dns
