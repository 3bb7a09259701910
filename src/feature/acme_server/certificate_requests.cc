// The responder's part for certificates that were issued: RFC 8555 7.6, RFC 9773.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/text.h"
#include "base/timestamp.h"
#include "cert/certificate.h"
#include "cert/codes.h"
#include "feature/acme_server/responder.h"
#include "jose/base64url.h"

namespace gate::acme_server {
namespace {

std::string string_in(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// RFC 9773 4.1: the key identifier of the issuer, a dot, the serial number; both in Base64url. The serial number in
// hexadecimal; nothing where it is no such id.
std::optional<std::string> serial_in(std::string_view id) {
  const std::string_view issuer = base::split_off(id, '.');
  const auto serial = jose::from_base64url(id);
  if (!jose::from_base64url(issuer) || !serial || serial->empty()) return std::nullopt;
  std::string hex = base::to_hex(*serial);
  // DER puts a zero in front of a number whose first bit is set.
  while (hex.size() > 2 && hex.starts_with("00")) hex.erase(0, 2);
  return hex;
}

struct Window {
  base::WallTime start;
  base::WallTime end;
};

// When to renew: at two thirds of its life, of a short one at half; at once when it is revoked.
Window window_for(const cert::IssuedRecord& record, base::WallTime now) {
  constexpr std::chrono::days kShort{10};
  if (record.revocation) return {now - std::chrono::hours(2), now - std::chrono::hours(1)};
  const auto life = record.until - record.from;
  const auto start = record.from + (life > kShort ? life * 2 / 3 : life / 2);
  return {start, start + life / 20};
}

}  // namespace

Responder::Answered Responder::revoke(const Signed& request) {
  const auto payload = object_in(request.payload);
  if (!payload) return std::unexpected(payload.error());
  const auto der = jose::from_base64url(string_in(*payload, "certificate"));
  const auto leaf =
      der ? cert::Certificate::from_der(*der, "the request")
          : base::Result<cert::Certificate>(base::fail({.code = cert::kCannotParseCertificate, .what = ""}));
  if (!leaf) return problem(ProblemType::kMalformed, "\"certificate\" is no certificate");
  const auto number = payload->value("reason", nlohmann::json(0));
  const auto reason = number.is_number_integer() ? cert::revocation_reason(number.get<int>()) : std::nullopt;
  if (!reason)
    return problem(ProblemType::kBadRevocationReason, "this reason is not for owners of certificates to give");
  const auto ca = authority();
  if (!ca) return std::unexpected(ca.error());
  const cert::IssuedRecord* record = (*ca)->find(leaf->serial());
  if (record == nullptr || record->sha256 != base::to_hex(leaf->fingerprint())) {
    return std::unexpected(Problem{ProblemType::kMalformed, "the certificate is none of this authority's", 404});
  }
  const auto key = jose::PublicKey::from_jwk(request.key);
  const bool owner = request.account != nullptr ? record->origin == "acme:" + request.account->id
                                                : key && key->info() == leaf->public_key_info();
  if (!owner) return problem(ProblemType::kUnauthorized, "the certificate is another one's");
  if (record->revocation) return problem(ProblemType::kAlreadyRevoked, "the certificate is revoked already");
  if (const auto revoked = (*ca)->revoke(leaf->serial(), *reason, context_.clock.wall()); !revoked) {
    return std::unexpected(internal(revoked.error()));
  }
  return Reply{.status = 200};
}

Responder::Answered Responder::renewal_info(std::string_view id) {
  const auto serial = serial_in(id);
  if (!serial) return problem(ProblemType::kMalformed, "this is no identifier of a certificate");
  const auto ca = authority();
  if (!ca) return std::unexpected(ca.error());
  const cert::IssuedRecord* record = (*ca)->find(*serial);
  if (record == nullptr) {
    return std::unexpected(Problem{ProblemType::kMalformed, "the certificate is none of this authority's", 404});
  }
  const Window window = window_for(*record, context_.clock.wall());
  Reply reply = json_reply(
      200,
      {{"suggestedWindow", {{"start", base::to_timestamp(window.start)}, {"end", base::to_timestamp(window.end)}}}});
  // RFC 9773 4.3: a revocation is to be heard of in time, by those who live for days, too.
  const auto life = std::chrono::floor<std::chrono::seconds>(record->until - record->from);
  const auto pause = std::clamp<std::chrono::seconds>(life / 20, std::chrono::minutes(10), std::chrono::hours(6));
  reply.fields.emplace_back("retry-after", std::to_string(pause.count()));
  return reply;
}

// RFC 9773 5: the serial number of the certificate that an order replaces; empty where it says none.
OrProblem<std::string> Responder::replaced(const Signed& request, const nlohmann::json& payload) {
  if (!payload.contains("replaces")) return std::string();
  const auto serial = serial_in(string_in(payload, "replaces"));
  if (!serial) return problem(ProblemType::kMalformed, "\"replaces\" is no identifier of a certificate");
  const auto ca = authority();
  if (!ca) return std::unexpected(ca.error());
  const cert::IssuedRecord* record = (*ca)->find(*serial);
  if (record == nullptr || record->origin != "acme:" + request.account->id) {
    return problem(ProblemType::kMalformed, "\"replaces\" names no certificate of this account");
  }
  if (replaced_.contains(*serial)) {
    return problem(ProblemType::kAlreadyReplaced, "another order replaces that certificate already");
  }
  return *serial;
}

}  // namespace gate::acme_server
