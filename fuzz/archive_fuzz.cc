#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "base/text.h"
#include "cert/archive.h"

// What an archive is read as stays below its folder, and is written as it was.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = gate::base::as_text(std::as_bytes(std::span(data, size)));
  const auto files = gate::cert::read_archive(text, "fuzz");
  if (!files) return 0;
  for (const auto& each : *files) GATE_CHECK(gate::cert::is_archive_path(each.path));
  const auto again = gate::cert::read_archive(gate::cert::write_archive(*files), "fuzz");
  GATE_CHECK(again && *again == *files);
  return 0;
}
