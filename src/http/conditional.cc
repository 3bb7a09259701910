#include "http/conditional.h"

#include "base/text.h"
#include "http/date.h"

namespace gate::http {
namespace {

using std::chrono::sys_seconds;

constexpr std::string_view kWeakPrefix = "W/";

bool is_weak(std::string_view etag) { return etag.starts_with(kWeakPrefix); }
std::string_view opaque_part(std::string_view etag) { return is_weak(etag) ? etag.substr(kWeakPrefix.size()) : etag; }

// RFC 9110 8.8.3: etagc = %x21 / %x23-7E / obs-text
bool is_etag_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x21 && byte != '"' && byte != 0x7f;
}

// Takes one entity tag off the front; empty when there is none.
std::string_view split_etag(std::string_view& rest) {
  std::size_t at = is_weak(rest) ? kWeakPrefix.size() : 0;
  if (at >= rest.size() || rest[at] != '"') return {};
  do ++at;
  while (at < rest.size() && is_etag_character(rest[at]));
  if (at >= rest.size() || rest[at] != '"') return {};
  const auto etag = rest.substr(0, at + 1);
  rest.remove_prefix(at + 1);
  return etag;
}

bool same_etag(std::string_view a, std::string_view b, EtagComparison comparison) {
  if (comparison == EtagComparison::kStrong && (is_weak(a) || is_weak(b))) return false;
  return opaque_part(a) == opaque_part(b);
}

// The date of a field; nothing when it is absent, repeated or no date, which all mean that it is to be ignored.
std::optional<sys_seconds> date_of(const Request& request, FieldId id, sys_seconds now) {
  const auto value = request.fields.combined(id);
  return value ? parse_http_date(*value, now) : std::nullopt;
}

bool reads_only(const Request& request) { return request.method == Method::kGet || request.method == Method::kHead; }

// Steps 1 and 2: does the state the client wants to act on still hold?
bool state_is_expected(const Request& request, const Validators& validators, sys_seconds now) {
  if (const auto list = request.fields.combined(FieldId::kIfMatch)) {
    return etag_listed(*list, validators.etag, EtagComparison::kStrong);
  }
  // RFC 9110 13.1.4: "A recipient MUST ignore If-Unmodified-Since if the request contains an If-Match header field".
  const auto since = date_of(request, FieldId::kIfUnmodifiedSince, now);
  return !since || !validators.last_modified || *validators.last_modified <= *since;
}

// Steps 3 and 4: does the client have this state already?
bool state_is_known(const Request& request, const Validators& validators, sys_seconds now) {
  if (const auto list = request.fields.combined(FieldId::kIfNoneMatch)) {
    return etag_listed(*list, validators.etag, EtagComparison::kWeak);
  }
  // RFC 9110 13.1.3: "A recipient MUST ignore If-Modified-Since if the request contains an If-None-Match header field",
  // and for other methods than GET and HEAD.
  if (!reads_only(request)) return false;
  const auto since = date_of(request, FieldId::kIfModifiedSince, now);
  return since && validators.last_modified && *validators.last_modified <= *since;
}

}  // namespace

bool etag_listed(std::string_view list, std::string_view etag, EtagComparison comparison) {
  if (base::trimmed(list) == "*") return true;
  auto rest = list;
  while (true) {
    const auto start = rest.find_first_not_of(", \t");
    if (start == std::string_view::npos) return false;
    rest.remove_prefix(start);
    const auto member = split_etag(rest);
    if (member.empty()) return false;
    if (!etag.empty() && same_etag(member, etag, comparison)) return true;
  }
}

Precondition check_preconditions(const Request& request, const Validators& validators, sys_seconds now) {
  if (!state_is_expected(request, validators, now)) return Precondition::kFailed;
  if (!state_is_known(request, validators, now)) return Precondition::kProceed;
  return reads_only(request) ? Precondition::kNotModified : Precondition::kFailed;
}

bool if_range_holds(const Request& request, const Validators& validators, sys_seconds now) {
  const auto value = request.fields.combined(FieldId::kIfRange);
  if (!value) return true;
  auto rest = *value;
  if (const auto etag = split_etag(rest); !etag.empty()) {
    return rest.empty() && same_etag(etag, validators.etag, EtagComparison::kStrong);
  }
  const auto date = parse_http_date(*value, now);
  // RFC 9110 8.8.2.2: a modification time is a strong validator only once its second is over, for the representation
  // may change again within it. 13.1.5: "exactly matches", not "is not newer than".
  return date && validators.last_modified && *date == *validators.last_modified && *date < now;
}

}  // namespace gate::http
