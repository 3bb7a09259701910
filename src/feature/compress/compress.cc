#include "feature/compress/compress.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "feature/compress/encoded_body.h"
#include "feature/compress/encoder_pool.h"
#include "http/arena_text.h"
#include "http/cache_budget.h"
#include "http/exchange.h"
#include "http/media_type.h"

namespace gate::compress {
namespace {

using http::ContentCoding;
using http::FieldId;

constexpr http::CacheCost kOwnBudget{.bytes = std::size_t{16} << 20, .descriptors = 0};

// Stands for the body of an answer to HEAD: it is never sent, and its length would only be known after encoding it.
class UnknownLengthBody final : public http::BodySource {
 public:
  http::BodyRead read(std::span<std::byte>) override { return {http::BodyRead::State::kEnd, 0}; }
};

// Whether a comma-separated list has this member.
bool list_has(std::string_view list, std::string_view member) {
  while (!list.empty()) {
    if (base::equals_ignoring_case(base::trimmed(base::split_off(list, ',')), member)) return true;
  }
  return false;
}

bool matches(std::string_view pattern, std::string_view type) {
  if (!pattern.ends_with("/*")) return base::equals_ignoring_case(pattern, type);
  const auto start = pattern.substr(0, pattern.size() - 1);
  return base::equals_ignoring_case(type.substr(0, start.size()), start);
}

bool is_strong(std::string_view etag) { return etag.starts_with('"'); }

// RFC 9110 8.8.3.3: two codings of the same content differ in their bytes, so they may not share a strong ETag. A weak
// one says what is true: the same content, not the same bytes.
void weaken_etag(http::Exchange& exchange) {
  auto& fields = exchange.response.fields;
  const auto etag = fields.value(FieldId::kETag);
  if (is_strong(etag)) fields.set(FieldId::kETag, http::join(exchange.arena(), {"W/", etag}));
}

void add_vary(http::Exchange& exchange) {
  const auto vary = exchange.response.fields.combined(FieldId::kVary);
  if (vary && (list_has(*vary, "*") || list_has(*vary, "Accept-Encoding"))) return;
  exchange.response.fields.add(FieldId::kVary, "Accept-Encoding");
}

class CompressService final : public http::Service, private http::ResponseFilter {
 public:
  CompressService(const CompressOptions& options, const http::ServiceEnvironment& environment)
      : options_(options),
        own_budget_(kOwnBudget),
        pool_(options.levels, environment.cache ? *environment.cache : own_budget_) {}

  http::Flow handle(http::Exchange& exchange) override {
    exchange.response.may_encode = options_.on;
    if (options_.on) exchange.add_filter(*this);
    return http::Flow::kNext;
  }

 private:
  void filter(http::Exchange& exchange) override;
  bool may_be_encoded(http::Exchange& exchange) const;
  bool is_worth_it(const http::Response& response) const;
  ContentCoding chosen_coding(http::Exchange& exchange) const;
  void filter_not_modified(http::Exchange& exchange) const;

  const CompressOptions& options_;
  http::CacheBudget own_budget_;  // where the worker has none
  EncoderPool pool_;
};

void CompressService::filter(http::Exchange& exchange) {
  auto& response = exchange.response;
  if (!may_be_encoded(exchange)) return;
  if (response.status == 304) return filter_not_modified(exchange);
  if (!response.body || !is_worth_it(response)) return;
  add_vary(exchange);
  const auto coding = chosen_coding(exchange);
  if (coding == ContentCoding::kIdentity) return;
  if (exchange.request.method == http::Method::kHead) {
    response.body = exchange.make_body<UnknownLengthBody>();
  } else {
    auto encoder = pool_.take(coding);
    if (!encoder) return;  // as it is: right as well, and only larger
    response.body = exchange.make_body<EncodedBody>(std::move(response.body), std::move(encoder), pool_);
  }
  response.fields.add(FieldId::kContentEncoding, http::to_string(coding));
  // Ranges would count bytes of what is made anew each time.
  response.fields.remove(FieldId::kAcceptRanges);
  weaken_etag(exchange);
}

// A 206 is a part of something that was not encoded; what is encoded already, or forbidden to be, stays as it is.
bool CompressService::may_be_encoded(http::Exchange& exchange) const {
  const auto& response = exchange.response;
  if (!response.may_encode || response.status < 200 || response.status == 204 || response.status == 206) return false;
  if (response.fields.find(FieldId::kContentEncoding) || response.fields.find(FieldId::kContentRange)) return false;
  const auto cache_control = response.fields.combined(FieldId::kCacheControl);
  return !cache_control || !list_has(*cache_control, "no-transform");
}

bool CompressService::is_worth_it(const http::Response& response) const {
  if (response.body->length().value_or(options_.bytes_min) < options_.bytes_min) return false;
  const auto type = http::media_type_essence(response.fields.value(FieldId::kContentType));
  if (options_.types.empty()) return http::is_compressible(type);
  return std::ranges::any_of(options_.types, [&](const std::string& pattern) { return matches(pattern, type); });
}

ContentCoding CompressService::chosen_coding(http::Exchange& exchange) const {
  const http::AcceptedCodings accepted(exchange.request.fields.combined(FieldId::kAcceptEncoding));
  return accepted.best(options_.codings);
}

// A client that holds the encoded form knows it by its weak ETag, and must find that one in the 304 (RFC 9111 4.3.4).
void CompressService::filter_not_modified(http::Exchange& exchange) const {
  const auto etag = exchange.response.fields.value(FieldId::kETag);
  const auto known = exchange.request.fields.combined(FieldId::kIfNoneMatch);
  if (!known || !is_strong(etag) || !known->contains(http::join(exchange.arena(), {"W/", etag}))) return;
  if (chosen_coding(exchange) == ContentCoding::kIdentity) return;
  add_vary(exchange);
  weaken_etag(exchange);
}

}  // namespace

std::unique_ptr<http::Service> CompressPlan::build(const http::ServiceEnvironment& environment) const {
  return std::make_unique<CompressService>(options_, environment);
}

}  // namespace gate::compress
