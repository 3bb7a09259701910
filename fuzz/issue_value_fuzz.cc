#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "acme/dns_persist.h"
#include "acme/issue_value.h"
#include "base/check.h"
#include "base/text.h"

// A record of dns-persist-01 means the same when it is written and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = gate::base::as_text(std::as_bytes(std::span(data, size)));
  const auto value = gate::acme::parse_issue_value(text);
  const auto record = gate::acme::parse_persist_record(text);
  GATE_CHECK(!record || (value && value->issuer == record->issuer));
  if (!record) return 0;
  const std::string written = gate::acme::to_text(*record);
  const auto again = gate::acme::parse_persist_record(written);
  GATE_CHECK(again && gate::acme::to_text(*again) == written);
  return 0;
}
