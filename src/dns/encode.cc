#include "base/check.h"
#include "dns/message.h"
#include "dns/message_bits.h"
#include "dns/wire_writer.h"

namespace gate::dns {
namespace {

unsigned flags_of(const Message& message) {
  unsigned flags = static_cast<unsigned>(message.opcode) << kOpcodeShift;
  if (message.response) flags |= kResponseBit;
  if (message.authoritative) flags |= kAuthoritativeBit;
  if (message.truncated) flags |= kTruncatedBit;
  if (message.recursion_desired) flags |= kRecursionDesiredBit;
  if (message.recursion_available) flags |= kRecursionAvailableBit;
  return flags | (static_cast<unsigned>(message.rcode) & kRcodeMask);
}

void write(WireWriter& writer, const Record& record) {
  writer.name(record.name);
  writer.u16(static_cast<std::uint16_t>(record.type));
  writer.u16(static_cast<std::uint16_t>(record.in));
  writer.u32(record.ttl);
  writer.string16(record.data);
}

// RFC 6891 6.1.2: the class is the size, the TTL the upper bits of the rcode, a version and flags.
Record record_of(const Edns& edns, Rcode rcode) {
  const auto upper = static_cast<std::uint32_t>(rcode) >> kRcodeBits << kExtendedRcodeShift;
  return {.name = {},
          .type = Type::kOpt,
          .in = static_cast<Class>(edns.udp_bytes),
          .ttl = upper | (edns.dnssec_ok ? kDnssecOkBit : 0U),
          .data = {}};
}

}  // namespace

std::string encode(const Message& message) {
  WireWriter writer;
  writer.u16(message.id);
  writer.number(flags_of(message), 2);
  writer.number(message.questions.size(), 2);
  writer.number(message.answers.size(), 2);
  writer.number(message.authorities.size(), 2);
  writer.number(message.additionals.size() + (message.edns ? 1 : 0), 2);
  for (const auto& question : message.questions) {
    writer.name(question.name);
    writer.u16(static_cast<std::uint16_t>(question.type));
    writer.u16(static_cast<std::uint16_t>(question.in));
  }
  for (const auto* section : {&message.answers, &message.authorities, &message.additionals}) {
    for (const auto& record : *section) write(writer, record);
  }
  if (message.edns) write(writer, record_of(*message.edns, message.rcode));
  GATE_CHECK(writer.bytes().size() <= kMessageBytesMax);
  return std::move(writer).bytes();
}

}  // namespace gate::dns
