#include "feature/cache/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/bytes.h"
#include "base/text.h"
#include "feature/cache/codes.h"
#include "http/conditional.h"

namespace gate::cache {
namespace {

using http::FieldId;

// RFC 9110 15.4.5: what a client needs to refresh what it has, and no more.
bool belongs_to_not_modified(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames{
      "cache-control", "content-location", "etag", "expires", "last-modified", "vary", "cache-status"};
  return std::ranges::find(kNames, name) != kNames.end();
}

// Texts are copied: what is kept may be gone before the exchange is.
void fill_fields(http::Exchange& exchange, const StoredHead& head, bool not_modified) {
  auto& arena = exchange.arena();
  auto& fields = exchange.response.fields;
  fields.reserve(head.fields.size() + 4);
  for (const auto& [name, value] : head.fields) {
    if (not_modified && !belongs_to_not_modified(name)) continue;
    const FieldId id = http::field_id(name);
    if (id != FieldId::kUnknown) {
      fields.add(id, arena.copy(value));
    } else {
      fields.add(arena.copy(name), arena.copy(value));
    }
  }
}

// RFC 9111 5.1: the field says that the server was not asked for this very response.
void add_age(http::Exchange& exchange, const StoredHead& head, Origin origin, base::Instant now) {
  const Seconds age = head.freshness.age(now);
  if (origin == Origin::kServer && age == Seconds{0}) return;
  exchange.response.fields.set(FieldId::kAge, exchange.arena().copy(fmt::to_string(age.count())));
}

bool client_has_it(const http::Request& request, const http::Validators& validators, std::chrono::sys_seconds now) {
  if (validators.etag.empty() && !validators.last_modified) return false;
  return http::check_preconditions(request, validators, now) == http::Precondition::kNotModified;
}

// The one range that is asked for. Several are answered with the whole (RFC 9110 14.2 leaves that to us).
http::RangeSet wanted_ranges(const http::Request& request, const http::Validators& validators, std::uint64_t length,
                             std::chrono::sys_seconds now) {
  const auto range = request.method == http::Method::kGet ? request.fields.combined(FieldId::kRange) : std::nullopt;
  if (!range || !http::if_range_holds(request, validators, now)) return {};
  return http::RangeSet::select(*range, length);
}

void refuse_range(http::Exchange& exchange, std::uint64_t length) {
  exchange.response.fields.add(FieldId::kContentRange, exchange.arena().copy(fmt::format("bytes */{}", length)));
  exchange.refuse({416, kRangeNotSatisfiable, "no part of the response lies in the ranges asked for"});
}

}  // namespace

Share describe(http::Exchange& exchange, const StoredHead& head, Origin origin, std::optional<std::uint64_t> length,
               const base::Clock& clock) {
  const auto wall = std::chrono::floor<std::chrono::seconds>(clock.wall());
  const auto validators = head.validators(wall);
  http::Response& response = exchange.response;
  // RFC 9110 13.2.1 and 14.2: conditions and ranges are of successful answers only.
  const bool successful = head.status == 200;
  if (successful && client_has_it(exchange.request, validators, wall)) {
    response.status = 304;
    fill_fields(exchange, head, true);
    add_age(exchange, head, origin, clock.now());
    return {.of = Share::Of::kNothing};
  }
  Share share;
  if (successful && length) {
    const auto ranges = wanted_ranges(exchange.request, validators, *length, wall);
    if (ranges.kind() == http::RangeSet::Kind::kUnsatisfiable) {
      refuse_range(exchange, *length);
      return {.of = Share::Of::kRefusal};
    }
    if (ranges.ranges().size() == 1) share = {.of = Share::Of::kPart, .part = ranges.ranges()[0]};
  }
  response.status = head.status;
  fill_fields(exchange, head, false);
  add_age(exchange, head, origin, clock.now());
  if (share.of != Share::Of::kPart) return share;
  response.status = 206;
  response.fields.add(FieldId::kContentRange,
                      exchange.arena().copy(fmt::format("bytes {}-{}/{}", share.part.first, share.part.last, *length)));
  return share;
}

void answer_with(http::Exchange& exchange, const StoredResponse& kept, const base::Clock& clock) {
  const Share share = describe(exchange, *kept.head, Origin::kKept, kept.body->size(), clock);
  switch (share.of) {
    case Share::Of::kWhole: exchange.response.body = exchange.make_body<KeptBody>(kept.body); break;
    case Share::Of::kPart: exchange.response.body = exchange.make_body<KeptBody>(kept.body, share.part); break;
    case Share::Of::kNothing: exchange.response.body.reset(); break;
    case Share::Of::kRefusal: return;
  }
  exchange.respond();
}

http::BodyRead KeptBody::read(std::span<std::byte> into) {
  const auto count = std::min<std::uint64_t>(into.size(), end_ - at_);
  base::copy_bytes(into, base::as_bytes(std::string_view(*body_).substr(at_, count)));
  at_ += count;
  return {at_ == end_ ? http::BodyRead::State::kEnd : http::BodyRead::State::kData, static_cast<std::size_t>(count)};
}

}  // namespace gate::cache
