#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "dns/message.h"
#include "dns/rdata.h"
#include "dns/tsig.h"

namespace dns = gate::dns;

namespace {

// Readers of data take whatever stands there; what they yield is bounded by it.
void read(const dns::Record& record) {
  (void)dns::address_in(record);
  (void)dns::name_in(record);
  (void)dns::authority_in(record);
  (void)dns::permission_in(record);
  if (const auto text = dns::text_in(record)) GATE_CHECK(text->size() < record.data.size());
  if (const auto binding = dns::binding_in(record)) {
    GATE_CHECK(dns::binding_in({record.name, record.type, record.in, 0, dns::binding_data(*binding)}).has_value());
  }
}

// Larger, since names are no longer compressed.
bool fits(const dns::Message& message) {
  std::size_t bytes = 0;
  for (const auto& question : message.questions) bytes += question.name.wire().size() + 4;
  for (const auto* section : {&message.answers, &message.authorities, &message.additionals}) {
    for (const auto& record : *section) bytes += record.name.wire().size() + record.data.size() + 10;
  }
  return bytes + 64 < dns::kMessageBytesMax;
}

}  // namespace

// No message is read beyond its end, and one that is well-formed means the same when it is written and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto message = dns::decode(bytes);
  if (!message) return 0;
  for (const auto* section : {&message->answers, &message->authorities, &message->additionals}) {
    for (const auto& record : *section) read(record);
  }
  if (message->signature) {
    const dns::TsigKey key{message->signature->key, dns::TsigAlgorithm::kHmacSha256, std::string(32, 's')};
    (void)dns::verify(*message, bytes, key, {}, {});
    (void)dns::server_time(*message->signature);
  }
  if (!fits(*message)) return 0;
  const std::string written = dns::encode(*message);
  const auto again = dns::decode(gate::base::as_bytes(written));
  GATE_CHECK(again.has_value() && again->questions == message->questions && again->answers == message->answers &&
             again->authorities == message->authorities && again->additionals == message->additionals);
  return 0;
}
