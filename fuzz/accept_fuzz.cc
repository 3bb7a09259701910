#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "http/accept_encoding.h"
#include "http/conditional.h"
#include "http/media_type.h"
#include "http/quality_list.h"

// Everything that reads a list a client sends: weights stay in their bounds, lists in theirs.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gate::http;
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  QualityList list(text);
  std::size_t items = 0;
  while (const auto item = list.next()) {
    GATE_CHECK(!item->value.empty() && item->quality <= kQualityMax);
    ++items;
  }
  GATE_CHECK(items <= QualityList::kItemsMax);

  constexpr ContentCoding kOffered[] = {ContentCoding::kZstd, ContentCoding::kBrotli, ContentCoding::kGzip};
  const AcceptedCodings accepted(text);
  const auto best = accepted.best(kOffered);
  GATE_CHECK(best == ContentCoding::kIdentity || accepted.quality(best) > 0);

  GATE_CHECK(accepted_quality(text, "text/html") <= kQualityMax);
  // Strong equality implies weak equality.
  GATE_CHECK(!etag_listed(text, "\"a\"", EtagComparison::kStrong) || etag_listed(text, "\"a\"", EtagComparison::kWeak));

  if (text.starts_with('#')) {  // making a table is slow: only inputs that look like one
    MediaTypes types;
    types.add_table(text);
    GATE_CHECK(!types.of(text).empty());
  }
  return 0;
}
