#include "http/accept_encoding.h"

#include "base/text.h"

namespace gate::http {
namespace {

constexpr std::size_t kIdentityIndex = static_cast<std::size_t>(ContentCoding::kIdentity);

}  // namespace

std::string_view to_string(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::kIdentity: return "identity";
    case ContentCoding::kGzip: return "gzip";
    case ContentCoding::kBrotli: return "br";
    case ContentCoding::kZstd: return "zstd";
  }
  return "identity";
}

std::optional<ContentCoding> to_content_coding(std::string_view name) {
  // RFC 9110 8.4.1: "All content codings are case-insensitive."
  for (const auto coding :
       {ContentCoding::kIdentity, ContentCoding::kGzip, ContentCoding::kBrotli, ContentCoding::kZstd}) {
    if (base::equals_ignoring_case(name, to_string(coding))) return coding;
  }
  // RFC 9110 8.4.1.3: "A recipient SHOULD consider "x-gzip" to be equivalent to "gzip"."
  if (base::equals_ignoring_case(name, "x-gzip")) return ContentCoding::kGzip;
  return std::nullopt;
}

AcceptedCodings::AcceptedCodings(std::optional<std::string_view> field) {
  std::array<std::optional<Quality>, kContentCodings> named;
  std::optional<Quality> others;
  QualityList list(field.value_or(std::string_view{}));
  while (const auto item = list.next()) {
    if (item->value == "*") {
      others = item->quality;
    } else if (const auto coding = to_content_coding(item->value)) {
      named[static_cast<std::size_t>(*coding)] = item->quality;
    }
  }
  for (std::size_t i = 0; i < kContentCodings; ++i) qualities_[i] = named[i].value_or(others.value_or(0));
  // RFC 9110 12.5.3: "If the representation has no content coding, then it is acceptable by default unless specifically
  // excluded by the Accept-Encoding header field stating either "identity;q=0" or "*;q=0" without a more specific entry
  // for "identity"." Unnamed, it gets the least weight there is, so that any coding the client names comes first.
  if (!named[kIdentityIndex] && others != Quality{0}) qualities_[kIdentityIndex] = 1;
}

ContentCoding AcceptedCodings::best(std::span<const ContentCoding> offered) const {
  ContentCoding best = ContentCoding::kIdentity;
  Quality best_quality = 0;
  for (const auto coding : offered) {
    if (quality(coding) <= best_quality) continue;
    best = coding;
    best_quality = quality(coding);
  }
  return quality(ContentCoding::kIdentity) > best_quality ? ContentCoding::kIdentity : best;
}

}  // namespace gate::http
